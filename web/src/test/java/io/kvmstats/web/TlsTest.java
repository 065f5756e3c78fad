package io.kvmstats.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages over TLS, with certificates that the JDK's keytool makes. */
class TlsTest {
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir Path folder;
  private final List<String> troubles = new CopyOnWriteArrayList<>();
  private long written = Instant.now().getEpochSecond() - 1000;

  private WebConfig.Pem pem() {
    return new WebConfig.Pem(folder.resolve("server.crt"), folder.resolve("server.key"));
  }

  /** Makes a certificate and writes it where the server looks. */
  private X509Certificate make(String algorithm, String name) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                algorithm,
                "-dname",
                "CN=" + name,
                "-ext",
                "san=ip:127.0.0.1",
                "-storepass",
                new String(PASSWORD),
                "-alias",
                "it",
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    X509Certificate certificate = (X509Certificate) keys.getCertificate("it");
    Key key = keys.getKey("it", PASSWORD);
    write(pem().certificate(), "CERTIFICATE", certificate.getEncoded());
    write(pem().key(), "PRIVATE KEY", key.getEncoded());
    return certificate;
  }

  private void write(Path file, String what, byte[] der) throws IOException {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    Files.writeString(
        file, "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n");
    touch(file);
  }

  /** Two writes within a tick of the file system's clock are not to look like one. */
  private void touch(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(written++)));
  }

  private WebServer serve() throws IOException {
    WebServer server =
        new WebServer(
            List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
            new WebConfig(Optional.of(pem()), Map.of()),
            Map.of("/", _ -> Answer.text(200, "secret")),
            1024,
            troubles::add);
    server.start();
    return server;
  }

  /** {@return what a client gets that trusts one certificate and no other} */
  private static String ask(WebServer server, X509Certificate trusted) throws Exception {
    KeyStore trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    trust.setCertificateEntry("it", trusted);
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trust);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, managers.getTrustManagers(), null);
    URI uri = URI.create("https://127.0.0.1:" + server.addresses().getFirst().getPort() + "/");
    try (HttpClient client = HttpClient.newBuilder().sslContext(tls).build()) {
      return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void pagesAreReadOverTls(String algorithm) throws Exception {
    X509Certificate certificate = make(algorithm, "first");
    try (WebServer server = serve()) {
      assertThat(ask(server, certificate)).isEqualTo("secret\n");
    }
  }

  @Test
  void aRenewedCertificateIsTakenAndABrokenOneIsNot() throws Exception {
    make("EC", "first");
    try (WebServer server = serve()) {
      X509Certificate second = make("EC", "second");
      assertThat(ask(server, second)).isEqualTo("secret\n");
      Files.writeString(pem().certificate(), "garbage");
      touch(pem().certificate());
      assertThat(ask(server, second)).isEqualTo("secret\n");
      assertThat(troubles)
          .isNotEmpty()
          .allSatisfy(trouble -> assertThat(trouble).contains("stays the one that it was"));
      X509Certificate third = make("RSA", "third");
      assertThat(ask(server, third)).isEqualTo("secret\n");
    }
  }

  @Test
  void whoSpeaksNoTlsGetsNothing() throws Exception {
    X509Certificate certificate = make("EC", "first");
    try (WebServer server = serve()) {
      InetSocketAddress address = server.addresses().getFirst();
      try (Socket plain = new Socket(address.getAddress(), address.getPort())) {
        plain.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
        plain.setSoTimeout(20_000);
        assertThat(new String(plain.getInputStream().readAllBytes())).doesNotContain("secret");
      }
      assertThat(ask(server, certificate)).isEqualTo("secret\n");
    }
  }

  @Test
  void whatDoesNotBelongTogetherIsRefused() throws Exception {
    make("EC", "first");
    String key = Files.readString(pem().key());
    make("EC", "second");
    Files.writeString(pem().key(), key);
    assertThatThrownBy(this::serve)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("server.key is not the key of");
    Files.writeString(pem().key(), key.replace("PRIVATE", "EC PRIVATE"));
    assertThatThrownBy(this::serve).hasMessageContaining("openssl pkcs8 -topk8");
    Files.writeString(pem().certificate(), "nothing");
    Files.writeString(pem().key(), key);
    assertThatThrownBy(this::serve).hasMessageContaining("server.crt");
  }
}
