package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A QEMU's monitor, as far as tests ask it. */
final class Qmp implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();

  private final SocketChannel channel;
  private final BufferedReader answers;

  Qmp(Path socket) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    answers = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    assertThat(answers.readLine()).contains("QMP");
    ask("{\"execute\":\"qmp_capabilities\"}");
  }

  /** {@return what a command returned} */
  JsonNode ask(String command) throws IOException {
    channel.write(ByteBuffer.wrap(command.getBytes(StandardCharsets.UTF_8)));
    JsonNode answer = JSON.readTree(answers.readLine());
    while (!answer.has("return")) { // Else it is an event.
      assertThat(answer.has("error")).as(answer.toString()).isFalse();
      answer = JSON.readTree(answers.readLine());
    }
    return answer.get("return");
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
