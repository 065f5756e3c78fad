package io.kvmstats.web;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiPredicate;

/**
 * Who may read: basic authentication against bcrypt hashes. Any thread.
 *
 * <p>A hash takes a tenth of a second to check, by design. So one is checked at a time, that wrong
 * ones take no more than one processor, and who was right is remembered, that a scrape is not
 * delayed by them. An unknown name takes as long as a wrong password.
 */
final class Passwords {
  /** The result of a check. */
  enum Result {
    RIGHT,
    WRONG,
    /** Too many others are being checked. */
    BUSY
  }

  private static final String SCHEME = "Basic ";

  /** What bcrypt looks at; more can't be told apart from less. */
  private static final int PASSWORD_MAX = 72;

  /** Within what Prometheus waits for a scrape. */
  private static final long PATIENCE_MILLIS = 8000;

  private final Map<String, String> users;
  private final BiPredicate<byte[], byte[]> bcrypt;

  /** What an unknown name is checked against: the one that takes longest. */
  private final String strangers;

  /** Fair: who is right gets his turn among many who are not. */
  private final ReentrantLock checking = new ReentrantLock(true);

  private final Set<String> right =
      Collections.synchronizedSet(
          Collections.newSetFromMap(
              new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                  return size() > 100;
                }
              }));

  /** Checks against a bcrypt hash per name; when there is none, nobody is asked. */
  Passwords(Map<String, String> users) {
    this(users, (password, hash) -> BCrypt.verifyer().verify(password, hash).verified);
  }

  /**
   * Checks by somebody else's bcrypt.
   *
   * @param bcrypt whether a password has a hash
   */
  Passwords(Map<String, String> users, BiPredicate<byte[], byte[]> bcrypt) {
    this.users = Map.copyOf(users);
    this.bcrypt = bcrypt;
    this.strangers = users.values().stream().max(Comparator.comparing(Passwords::cost)).orElse("");
  }

  private static String cost(String hash) {
    return hash.substring("$2y$".length(), "$2y$10".length());
  }

  /** {@return whether an Authorization header is somebody's; empty when there was none} */
  Result check(String header) {
    if (users.isEmpty()) {
      return Result.RIGHT;
    }
    if (!header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return Result.WRONG;
    }
    String pair;
    try {
      byte[] bytes = Base64.getDecoder().decode(header.substring(SCHEME.length()).strip());
      pair = new String(bytes, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return Result.WRONG;
    }
    int colon = pair.indexOf(':');
    byte[] password = pair.substring(colon + 1).getBytes(StandardCharsets.UTF_8);
    if (colon < 0 || password.length > PASSWORD_MAX) {
      return Result.WRONG;
    }
    String digest = digest(pair);
    return right.contains(digest)
        ? Result.RIGHT
        : check(pair.substring(0, colon), password, digest);
  }

  private Result check(String name, byte[] password, String digest) {
    try {
      if (!checking.tryLock(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
        return Result.BUSY;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Result.BUSY;
    }
    try {
      String hash = users.getOrDefault(name, strangers);
      byte[] bytes = hash.getBytes(StandardCharsets.US_ASCII);
      boolean isRight = bcrypt.test(password, bytes);
      if (!isRight || !users.containsKey(name)) {
        return Result.WRONG;
      }
      right.add(digest);
      return Result.RIGHT;
    } finally {
      checking.unlock();
    }
  }

  private static String digest(String pair) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(pair.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
