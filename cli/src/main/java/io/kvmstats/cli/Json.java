package io.kvmstats.cli;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes one JSON document on one line (RFC 8259).
 *
 * <p>A library for this would take longer to start than a command takes to run.
 */
final class Json {
  private final StringBuilder out = new StringBuilder();

  /** Whether what comes next in this object or array is not the first there. */
  private boolean comma;

  Json beginObject() {
    return begin('{');
  }

  Json endObject() {
    return end('}');
  }

  Json beginArray() {
    return begin('[');
  }

  Json endArray() {
    return end(']');
  }

  /** Names the value that is written next. */
  Json name(String name) {
    separate();
    quote(name);
    out.append(':');
    comma = false;
    return this;
  }

  /** A text; unknown if it is null. */
  Json value(@Nullable String text) {
    if (text == null) {
      return unknown();
    }
    separate();
    quote(text);
    return this;
  }

  Json value(long number) {
    return raw(Long.toString(number));
  }

  Json value(boolean value) {
    return raw(Boolean.toString(value));
  }

  /** A number; unknown if it is not finite, which JSON has no word for. */
  Json value(double number) {
    return raw(Double.isFinite(number) ? Double.toString(number) : "null");
  }

  Json unsigned(long number) {
    return raw(Long.toUnsignedString(number));
  }

  Json unknown() {
    return raw("null");
  }

  /** {@return the document and a line end} */
  String line() {
    return out + "\n";
  }

  private Json begin(char bracket) {
    separate();
    out.append(bracket);
    comma = false;
    return this;
  }

  private Json end(char bracket) {
    out.append(bracket);
    comma = true;
    return this;
  }

  private Json raw(String token) {
    separate();
    out.append(token);
    return this;
  }

  private void separate() {
    if (comma) {
      out.append(',');
    }
    comma = true;
  }

  private void quote(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || c == '\u007f' || Character.isSurrogate(c)) {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
