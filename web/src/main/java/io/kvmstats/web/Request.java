package io.kvmstats.web;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a client asks for, as far as a page may want to know.
 *
 * @param query what stands behind the question mark, as it was sent
 * @param accept the formats that it takes, empty when it does not say
 */
public record Request(String query, String accept) {
  /**
   * {@return the values of a parameter, in their order; none of one that is not there}
   *
   * <p>What is no percent-encoding stands for itself.
   *
   * @param name as in {@code name[]}
   */
  public List<String> parameters(String name) {
    List<String> values = new ArrayList<>();
    for (String pair : query.split("&", -1)) {
      String[] sides = pair.split("=", 2);
      if (sides.length == 2 && decoded(sides[0]).equals(name)) {
        values.add(decoded(sides[1]));
      }
    }
    return values;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }
}
