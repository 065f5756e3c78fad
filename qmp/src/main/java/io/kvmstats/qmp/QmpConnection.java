package io.kvmstats.qmp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.json.JsonFactory;

/**
 * A conversation with a monitor: one command, one answer.
 *
 * <p>Used by one thread at a time; {@link #close} may come from another. After anything but a
 * {@link QmpError} nothing more can be said: what comes next might be the rest of what came late.
 */
final class QmpConnection implements AutoCloseable {
  private static final long GREETING_BYTES_MAX = 64 << 10;

  /** The answers that matter have five levels. */
  private static final int DEPTH_MAX = 32;

  private static final int VERSION_MAX = 999;
  private static final int DIGITS_MAX = 32;
  private static final int NAME_MAX = 256;
  private static final int STRING_MAX = 64 << 10;
  private static final int DESCRIPTION_MAX = 200;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  .maxNumberLength(DIGITS_MAX)
                  .maxNameLength(NAME_MAX)
                  .maxStringLength(STRING_MAX)
                  .build())
          // Of two values of one name, neither is the right one.
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // A peer that makes up names would fill the memory of those seen.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .build();

  private final SocketChannel channel;
  private final Selector selector;
  private final TimedInput input;
  private final Duration patience;
  private final JsonParser json;
  private long untilNanos;
  private String version = "";
  private long lastId;

  /** The arguments of a command. */
  interface Arguments {
    void write(JsonGenerator json);
  }

  private QmpConnection(
      SocketChannel channel,
      Selector selector,
      TimedInput input,
      Duration patience,
      long untilNanos)
      throws IOException {
    this.channel = channel;
    this.selector = selector;
    this.patience = patience;
    this.untilNanos = untilNanos;
    this.input = input;
    // Reads the first bytes at once, to see how they are encoded.
    this.json = guarded(() -> JSON.createParser(ObjectReadContext.empty(), input));
  }

  /**
   * Connects, and agrees with QEMU to use none of its capabilities.
   *
   * @param socket where a monitor may listen
   * @param patience how long each step may take: to connect, the greeting, and each answer
   * @param untilNanos when to give up, in ns as {@link System#nanoTime} counts: however quick each
   *     step is, there may be many
   * @throws IOException when there is none, or it is taken
   */
  static QmpConnection open(UnixDomainSocketAddress socket, Duration patience, long untilNanos)
      throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    Selector selector = null;
    try {
      selector = Selector.open();
      channel.configureBlocking(false);
      TimedInput input = new TimedInput(channel, selector);
      input.allow(earlier(patience, untilNanos), GREETING_BYTES_MAX);
      if (!channel.connect(socket)) {
        while (!channel.finishConnect()) {
          input.await(SelectionKey.OP_CONNECT);
        }
      }
      QmpConnection connection = greeted(channel, selector, input, patience, untilNanos);
      connection.execute(
          "qmp_capabilities",
          null,
          GREETING_BYTES_MAX,
          ignored -> {
            Values.skip(ignored);
            return "";
          });
      return connection;
    } catch (IOException | RuntimeException e) {
      close(channel, selector);
      throw e;
    }
  }

  private static QmpConnection greeted(
      SocketChannel channel,
      Selector selector,
      TimedInput input,
      Duration patience,
      long untilNanos)
      throws IOException {
    input.allow(earlier(patience, untilNanos), GREETING_BYTES_MAX);
    try {
      QmpConnection connection = new QmpConnection(channel, selector, input, patience, untilNanos);
      connection.greet();
      return connection;
    } catch (SocketTimeoutException e) {
      SocketTimeoutException taken =
          new SocketTimeoutException(
              "no greeting: a monitor serves one client at a time, and somebody else is this one's,"
                  + " or QEMU is stopped");
      taken.initCause(e);
      throw taken;
    }
  }

  private void greet() throws IOException {
    guarded(() -> {
      json.nextToken();
      Values.object(json, this::greeting);
      return "";
    });
    if (version.isEmpty()) {
      throw new MalformedAnswerException("the greeting is not QMP's");
    }
  }

  private void greeting(String name, JsonParser value) throws IOException {
    if (!name.equals("QMP")) {
      throw new MalformedAnswerException("the greeting is not QMP's");
    }
    Values.object(
        value,
        (member, v) -> {
          if (member.equals("version")) {
            Values.object(v, this::version);
          } else {
            Values.skip(v);
          }
        });
  }

  private void version(String name, JsonParser value) throws IOException {
    if (!name.equals("qemu")) {
      Values.skip(value);
      return;
    }
    int[] numbers = new int[2];
    Values.object(
        value,
        (part, v) -> {
          int number = Values.integer(v, 0, VERSION_MAX);
          switch (part) {
            case "major" -> numbers[0] = number;
            case "minor" -> numbers[1] = number;
            default -> {}
          }
        });
    version = numbers[0] + "." + numbers[1];
  }

  /** {@return QEMU's version by its own account, such as "7.2"} */
  String version() {
    return version;
  }

  /** {@return the user who listens, as the kernel says} */
  UserPrincipal peer() throws IOException {
    return channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
  }

  /**
   * Has a command carried out.
   *
   * @param command its name
   * @param arguments null for none
   * @param bytesMax how long the answer may be, with all events before it
   * @param reader of what it returns
   * @return what the reader made of it
   * @throws QmpError when QEMU refuses it
   * @throws IOException when there is no answer in time, or none that makes sense
   */
  <T> T execute(
      String command, @Nullable Arguments arguments, long bytesMax, Values.Reader<T> reader)
      throws IOException {
    long id = ++lastId;
    input.allow(earlier(patience, untilNanos), bytesMax);
    input.write(request(command, arguments, id));
    return guarded(() -> {
      while (true) {
        Answer<T> answer = new Answer<>(reader);
        if (json.nextToken() == null) {
          throw new MalformedAnswerException("the conversation has ended");
        }
        Values.object(json, answer);
        if (!answer.isEvent()) {
          return answer.to(command, id);
        }
      }
    });
  }

  /**
   * Sets when the commands that follow must have been answered, all together.
   *
   * @param nanos as {@link System#nanoTime} counts
   */
  void giveUpAt(long nanos) {
    untilNanos = nanos;
  }

  private static long earlier(Duration patience, long untilNanos) {
    long now = System.nanoTime();
    return now + Math.min(patience.toNanos(), untilNanos - now);
  }

  private static byte[] request(String command, @Nullable Arguments arguments, long id) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
      out.writeStartObject();
      out.writeStringProperty("execute", command);
      if (arguments != null) {
        out.writeName("arguments");
        out.writeStartObject();
        arguments.write(out);
        out.writeEndObject();
      }
      out.writeNumberProperty("id", id);
      out.writeEndObject();
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }

  /** Something that reads from the parser. */
  private interface Step<T> {
    T run() throws IOException;
  }

  /** What the parser wraps is unwrapped, and what it refuses is the peer's fault. */
  private static <T> T guarded(Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (JacksonIOException e) {
      throw e.getCause(); // It wraps what the input throws.
    } catch (JacksonException e) {
      throw new MalformedAnswerException("says what is no QMP: " + e.getOriginalMessage(), e);
    }
  }

  /** A message as it is read: QEMU says what it answers, and then to what. */
  private static final class Answer<T> implements Values.Member {
    private final Values.Reader<T> reader;
    private @Nullable T returned;
    private @Nullable String error;
    private @Nullable Long id;
    private boolean isEvent;

    Answer(Values.Reader<T> reader) {
      this.reader = reader;
    }

    @Override
    public void read(String name, JsonParser json) throws IOException {
      switch (name) {
        case "return" -> returned = reader.read(json);
        case "error" -> Values.object(json, this::error);
        case "event" -> {
          isEvent = true;
          Values.skip(json);
        }
        case "id" -> {
          if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw new MalformedAnswerException("an answer's id is no number");
          }
          id = Values.unsigned(json);
        }
        default -> Values.skip(json);
      }
    }

    private void error(String name, JsonParser json) throws IOException {
      if (name.equals("desc")) {
        String text = Values.text(json);
        error = text.substring(0, Math.min(text.length(), DESCRIPTION_MAX));
      } else {
        Values.skip(json);
      }
    }

    boolean isEvent() {
      return isEvent && returned == null && error == null;
    }

    T to(String command, long expected) throws IOException {
      if (id == null || id != expected) {
        throw new MalformedAnswerException("there is an answer to something else: " + id);
      }
      if (error != null) {
        throw new QmpError(command, error);
      }
      if (returned == null) {
        throw new MalformedAnswerException("an answer returns nothing");
      }
      return returned;
    }
  }

  @Override
  public void close() {
    close(channel, selector);
  }

  private static void close(SocketChannel channel, @Nullable Selector selector) {
    try (channel) {
      if (selector != null) {
        selector.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
