package io.kvmstats.web;

import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.kvmstats.web.Passwords.Result;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Basic authentication. */
class PasswordsTest {
  private static final int COST = 4;

  private final Passwords passwords =
      new Passwords(
          Map.of(
              // From Python's crypt: not made by the library that checks it.
              "alice",
              "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
              "bob",
              BCrypt.withDefaults().hashToString(COST, "pä:ss".toCharArray())));

  private static String basic(String pair) {
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void whoIsRightIsRightAgain() {
    assertThat(passwords.check(basic("bob:pä:ss"))).isEqualTo(Result.RIGHT);
    assertThat(passwords.check(basic("bob:pä:ss"))).isEqualTo(Result.RIGHT);
    assertThat(passwords.check("bAsIc  " + basic("bob:pä:ss").substring(6)))
        .isEqualTo(Result.RIGHT);
    assertThat(passwords.check(basic("alice:secret"))).isEqualTo(Result.RIGHT);
    // What is remembered is one's name with one's password.
    assertThat(passwords.check(basic("alice:pä:ss"))).isEqualTo(Result.WRONG);
    assertThat(passwords.check(basic("bob:pä:s"))).isEqualTo(Result.WRONG);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic Ym9i",
        "Bearer Ym9iOnDDpDpzcw==",
        "Basic Ym9iOnDDpDpzcw",
        "Basic Og==",
        "Basic Om5vYm9keQ=="
      })
  void whoIsNobodyIsWrong(String header) {
    // The one without padding is as good as the one with it.
    Result expected = header.equals("Basic Ym9iOnDDpDpzcw") ? Result.RIGHT : Result.WRONG;
    assertThat(passwords.check(header)).isEqualTo(expected);
  }

  @Test
  void anUnknownNameWithAKnownPasswordIsWrong() {
    assertThat(passwords.check(basic("carol:pä:ss"))).isEqualTo(Result.WRONG);
    assertThat(passwords.check(basic("bob:" + "x".repeat(1000)))).isEqualTo(Result.WRONG);
  }

  /** Else the time would tell who has a name here. */
  @Test
  void anUnknownNameCostsWhatTheDearestKnownOneDoes() {
    String cheap = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
    String dear = cheap.replace("$04$", "$12$");
    List<String> checked = new ArrayList<>();
    Passwords counting =
        new Passwords(
            Map.of("alice", dear, "bob", cheap),
            (_, hash) -> {
              checked.add(new String(hash, StandardCharsets.US_ASCII));
              return true; // Even a stranger who finds it is none of the users.
            });
    assertThat(counting.check(basic("mallory:x"))).isEqualTo(Result.WRONG);
    assertThat(checked).containsExactly(dear);
    assertThat(counting.check(basic("mallory:x"))).isEqualTo(Result.WRONG);
    assertThat(checked).as("nor is a wrong one remembered").containsExactly(dear, dear);
    assertThat(counting.check(basic("alice:x"))).isEqualTo(Result.RIGHT);
    assertThat(checked).containsExactly(dear, dear, dear);
  }

  @Test
  void whereNobodyHasAPasswordNobodyIsAsked() {
    assertThat(new Passwords(Map.of()).check("")).isEqualTo(Result.RIGHT);
  }
}
