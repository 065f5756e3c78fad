package io.kvmstats.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The file of TLS and passwords. */
class WebConfigTest {
  private static final String HASH = "$2y$10$abcdefghijklmnopqrstuuZ8hHWnMhHCPr9eTXKBcDDDDDDDDDDDD";

  @TempDir Path folder;

  private WebConfig load(String yaml) throws IOException {
    Path file = folder.resolve("web.yml");
    Files.writeString(file, yaml);
    return WebConfig.load(file);
  }

  @Test
  void aWholeFileSaysAll() throws IOException {
    WebConfig config =
        load(
            """
            # As exporter-toolkit documents it.
            tls_server_config:
              cert_file: server.crt
              key_file: /etc/keys/server.key
            basic_auth_users:
              alice: %s
              "bob": '%s'
            """
                .formatted(HASH, HASH));
    assertThat(config.tls())
        .contains(new WebConfig.Pem(folder.resolve("server.crt"), Path.of("/etc/keys/server.key")));
    assertThat(config.users()).containsOnlyKeys("alice", "bob").containsValue(HASH);
  }

  @ParameterizedTest
  @CsvSource(value = {"''", "basic_auth_users:", "tls_server_config: {}"})
  void nothingIsNothing(String yaml) throws IOException {
    assertThat(load(yaml)).isEqualTo(WebConfig.NONE);
  }

  /** Who wrote more relies on it: it is not passed over. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tls_server_config: {cert_file: a, key_file: b, min_version: TLS13}"
            + "| tls_server_config.min_version is not supported",
        "http_server_config: {http2: true} | http_server_config is not supported",
        "tls_server_config: {cert_file: a} | tls_server_config.key_file is missing",
        "tls_server_config: {cert_file: a, key_file: 5} | tls_server_config.key_file is missing",
        "basic_auth_users: {alice: secret} | the password of alice is no bcrypt hash",
        "basic_auth_users: {alice: $2y$99$abcdefghijklmnopqrstuuZ8hHWnMhHCPr9eTXKBcDDDDDDDDDDDD}"
            + "| no bcrypt hash of a cost from 4 to 14",
        "basic_auth_users: [alice] | basic_auth_users has no keys",
        "just text | the file has no keys",
        "a: [ | web.yml",
        "a: &a [*a, *a] | a is not supported",
        "!!java.lang.Object {} | web.yml"
      })
  void whatIsNotUnderstoodIsRefusedWithAReason(String yaml, String why) {
    assertThatThrownBy(() -> load(yaml))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("web.yml")
        .hasMessageContaining(why);
  }

  @Test
  void whatIsNoTextIsRefused() throws IOException {
    Path file = folder.resolve("web.yml");
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertThatThrownBy(() -> WebConfig.load(file)).hasMessageContaining("not UTF-8");
  }
}
