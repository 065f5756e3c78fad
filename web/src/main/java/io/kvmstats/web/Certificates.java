package io.kvmstats.web;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * A server's certificate, read anew when its file has changed: one that is renewed each month is
 * not to need a restart. Any thread.
 */
final class Certificates extends X509ExtendedKeyManager {
  private static final long BYTES_MAX = 1 << 20;

  private static final Pattern PKCS8 =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private final WebConfig.Pem files;
  private final Consumer<String> trouble;
  private volatile Loaded loaded;

  /**
   * A handshake that has begun goes on with the one that it began with: TLS asks for the chain and
   * for the key one after the other.
   */
  private volatile Loaded before;

  /**
   * What the files had.
   *
   * @param changed when each was written last
   */
  private record Loaded(List<X509Certificate> chain, PrivateKey key, List<FileTime> changed) {
    String alias() {
      return changed.toString();
    }
  }

  private Certificates(WebConfig.Pem files, Consumer<String> trouble) throws IOException {
    this.files = files;
    this.trouble = trouble;
    this.loaded = load(files);
    this.before = loaded;
  }

  /**
   * {@return TLS with a certificate}
   *
   * @param trouble is told why a changed one can't be taken
   * @throws IOException when it can't be read, or key and certificate do not belong together
   */
  static SSLContext context(WebConfig.Pem files, Consumer<String> trouble) throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {new Certificates(files, trouble)}, null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("TLS can't be had: " + e.getMessage(), e);
    }
  }

  private static Loaded load(WebConfig.Pem files) throws IOException {
    List<FileTime> changed = changed(files);
    byte[] certificates = read(files.certificate());
    Matcher pem = PKCS8.matcher(new String(read(files.key()), StandardCharsets.ISO_8859_1));
    if (!pem.find()) {
      throw new IOException(
          files.key()
              + ": no PKCS #8 key in PEM: 'openssl pkcs8 -topk8 -nodes' makes one of another");
    }
    try {
      List<X509Certificate> chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(certificates))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (chain.isEmpty()) {
        throw new IOException(files.certificate() + ": no certificate in PEM");
      }
      byte[] der = Base64.getMimeDecoder().decode(pem.group(1));
      String algorithm = chain.getFirst().getPublicKey().getAlgorithm();
      PrivateKey key =
          KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      check(files, chain.getFirst(), key);
      return new Loaded(chain, key, changed);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(files.certificate() + " and " + files.key() + ": " + e.getMessage(), e);
    }
  }

  private static byte[] read(Path file) throws IOException {
    if (Files.size(file) > BYTES_MAX) {
      throw new IOException(file + ": too long");
    }
    return Files.readAllBytes(file);
  }

  private static List<FileTime> changed(WebConfig.Pem files) throws IOException {
    return List.of(
        Files.getLastModifiedTime(files.certificate()), Files.getLastModifiedTime(files.key()));
  }

  private static void check(WebConfig.Pem files, X509Certificate certificate, PrivateKey key)
      throws IOException, GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    byte[] text = {1};
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(text);
    byte[] signed = signature.sign();
    signature.initVerify(certificate);
    signature.update(text);
    if (!signature.verify(signed)) {
      throw new IOException(files.key() + " is not the key of " + files.certificate());
    }
  }

  /** {@return what the files have now; what they had before, while they make no sense} */
  private synchronized Loaded current() {
    try {
      if (!changed(files).equals(loaded.changed)) {
        Loaded now = load(files);
        before = loaded;
        loaded = now;
      }
    } catch (IOException e) {
      trouble.accept("the certificate stays the one that it was: " + e);
    }
    return loaded;
  }

  private Loaded called(String alias) {
    Loaded old = before;
    return alias.equals(old.alias()) ? old : loaded;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    Loaded now = current();
    return fits(keyType, now.key.getAlgorithm()) ? now.alias() : null;
  }

  private static boolean fits(String keyType, String algorithm) {
    return keyType.equals(algorithm) || keyType.equals("EC_" + algorithm);
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return called(alias).chain.toArray(X509Certificate[]::new);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return called(alias).key;
  }

  @Override
  public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return new String[] {loaded.alias()};
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, Socket socket) {
    return null; // There are engines here, and no sockets.
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyType, Principal @Nullable [] issuers, Socket socket) {
    return null;
  }
}
