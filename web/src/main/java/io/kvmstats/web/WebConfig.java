package io.kvmstats.web;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * TLS and passwords, from the file that Prometheus' exporters share (exporter-toolkit,
 * docs/web-configuration.md).
 *
 * <p>Of its keys, {@code tls_server_config} with {@code cert_file} and {@code key_file}, and {@code
 * basic_auth_users}. Another one is refused: who wrote it relies on what it would do.
 *
 * @param tls the certificate and its key, for HTTPS; empty for HTTP
 * @param users a bcrypt hash per name; anybody may read when there is none
 */
public record WebConfig(Optional<Pem> tls, Map<String, String> users) {
  /** HTTP, for anybody. */
  public static final WebConfig NONE = new WebConfig(Optional.empty(), Map.of());

  private static final long BYTES_MAX = 1 << 20;
  private static final String TLS = "tls_server_config";
  private static final String CERTIFICATE = "cert_file";
  private static final String KEY = "key_file";
  private static final String USERS = "basic_auth_users";

  /** With its cost, of which one more takes twice the time: 14 is seconds. */
  private static final Pattern BCRYPT =
      Pattern.compile("\\$2[aby]\\$(0[4-9]|1[0-4])\\$[./A-Za-z0-9]{53}");

  /**
   * The files of a certificate.
   *
   * @param certificate in PEM, its chain behind it
   * @param key in PEM, PKCS #8
   */
  public record Pem(Path certificate, Path key) {}

  /**
   * {@return what a file says}
   *
   * @param file in YAML; the paths in it are relative to its folder
   * @throws IOException when it can't be read, or says something else
   */
  public static WebConfig load(Path file) throws IOException {
    if (Files.size(file) > BYTES_MAX) {
      throw new IOException(file + ": too long to be a web configuration");
    }
    Map<String, Object> root = new LinkedHashMap<>();
    try {
      Object yaml =
          new Load(LoadSettings.builder().setLabel(file.toString()).build())
              .loadFromString(Files.readString(file));
      root.putAll(map(file, "the file", yaml));
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": not UTF-8", e);
    } catch (YamlEngineException e) {
      throw new IOException(
          file + ": " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "), e);
    }
    only(file, "", root, TLS, USERS);
    return new WebConfig(tls(file, root), users(file, root));
  }

  private static Optional<Pem> tls(Path file, Map<String, Object> root) throws IOException {
    Map<String, Object> tls = map(file, TLS, root.get(TLS));
    if (tls.isEmpty()) {
      return Optional.empty();
    }
    only(file, TLS + ".", tls, CERTIFICATE, KEY);
    return Optional.of(new Pem(path(file, tls, CERTIFICATE), path(file, tls, KEY)));
  }

  private static Path path(Path file, Map<String, Object> tls, String key) throws IOException {
    if (!(tls.get(key) instanceof String path) || path.isEmpty()) {
      throw new IOException(file + ": " + TLS + "." + key + " is missing");
    }
    return file.toAbsolutePath().resolveSibling(path);
  }

  private static Map<String, String> users(Path file, Map<String, Object> root) throws IOException {
    Map<String, String> users = new LinkedHashMap<>();
    for (Map.Entry<String, Object> user : map(file, USERS, root.get(USERS)).entrySet()) {
      if (!(user.getValue() instanceof String hash) || !BCRYPT.matcher(hash).matches()) {
        throw new IOException(
            file
                + ": the password of "
                + user.getKey()
                + " is no bcrypt hash of a cost from 4 to 14, such as 'htpasswd -nB USER' prints");
      }
      users.put(user.getKey(), hash);
    }
    return users;
  }

  private static Map<String, Object> map(Path file, String what, @Nullable Object yaml)
      throws IOException {
    if (yaml == null) {
      return Map.of();
    }
    if (!(yaml instanceof Map<?, ?> entries)) {
      throw new IOException(file + ": " + what + " has no keys: a blank is behind a key's colon");
    }
    Map<String, Object> map = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : entries.entrySet()) {
      if (entry.getValue() != null) {
        map.put(String.valueOf(entry.getKey()), entry.getValue());
      }
    }
    return map;
  }

  private static void only(Path file, String prefix, Map<String, Object> map, String... known)
      throws IOException {
    List<String> others = new ArrayList<>(map.keySet());
    others.removeAll(List.of(known));
    if (!others.isEmpty()) {
      throw new IOException(
          file
              + ": "
              + prefix
              + others.getFirst()
              + " is not supported; "
              + prefix
              + String.join(", " + prefix, known)
              + " are");
    }
  }
}
