package io.kvmstats.qmp;

import java.io.IOException;
import java.math.BigInteger;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads JSON's values with an eye on what they are: each method takes the token that a value starts
 * with as current, and leaves the one that it ends with.
 */
final class Values {
  private Values() {}

  /** Something that reads a value. */
  interface Reader<T> {
    T read(JsonParser json) throws IOException;
  }

  /** Something that reads a member of an object. */
  interface Member {
    /** Reads a member's value, or skips it. */
    void read(String name, JsonParser json) throws IOException;
  }

  /** Something that reads an element of a list. */
  interface Element {
    void read(JsonParser json) throws IOException;
  }

  static void object(JsonParser json, Member member) throws IOException {
    expect(json, JsonToken.START_OBJECT);
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = json.currentName();
      json.nextToken();
      member.read(name, json);
    }
    expect(json, JsonToken.END_OBJECT);
  }

  static void list(JsonParser json, int elementsMax, Element element) throws IOException {
    expect(json, JsonToken.START_ARRAY);
    int count = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.currentToken() == null || ++count > elementsMax) {
        throw new MalformedAnswerException(
            "a list does not end after " + elementsMax + " elements");
      }
      element.read(json);
    }
  }

  static void skip(JsonParser json) {
    json.skipChildren();
  }

  static String text(JsonParser json) throws IOException {
    expect(json, JsonToken.VALUE_STRING);
    return json.getString();
  }

  /** {@return a number that fits into 64 bits without a sign} */
  static long unsigned(JsonParser json) throws IOException {
    expect(json, JsonToken.VALUE_NUMBER_INT);
    BigInteger value = json.getBigIntegerValue(); // Its digits are bounded.
    if (value.signum() < 0 || value.bitLength() > Long.SIZE) {
      throw new MalformedAnswerException("the number " + value + " is no u64");
    }
    return value.longValue();
  }

  static int integer(JsonParser json, int min, int max) throws IOException {
    expect(json, JsonToken.VALUE_NUMBER_INT);
    BigInteger value = json.getBigIntegerValue();
    if (value.bitLength() >= Integer.SIZE || value.intValue() < min || value.intValue() > max) {
      throw new MalformedAnswerException("the number " + value + " is not " + min + " to " + max);
    }
    return value.intValue();
  }

  private static void expect(JsonParser json, JsonToken token) throws IOException {
    if (json.currentToken() != token) {
      throw new MalformedAnswerException("there is " + json.currentToken() + ", and not " + token);
    }
  }
}
