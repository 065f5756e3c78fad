package io.kvmstats.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsPartialSuccess;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnswerTest {
  private static final long SEED = Long.getLong("tests.seed", System.nanoTime());

  private static byte[] response(long rejected, String message) {
    return ExportMetricsServiceResponse.newBuilder()
        .setPartialSuccess(
            ExportMetricsPartialSuccess.newBuilder()
                .setRejectedDataPoints(rejected)
                .setErrorMessage(message))
        .build()
        .toByteArray();
  }

  @Test
  void whatAReceiverSaysIsRead() {
    assertThat(Answer.complaint(response(0, ""))).isEmpty();
    assertThat(Answer.complaint(new byte[0])).isEmpty();
    assertThat(Answer.complaint(response(Long.MAX_VALUE, "")))
        .contains("some points were not taken");
    assertThat(Answer.complaint(response(1, "ä\n")))
        .contains("some points were not taken: ä\\u000a");
    assertThat(Answer.complaint(response(0, "soon"))).contains("a warning: soon");
    assertThat(Answer.complaint(response(0, "x".repeat(5000))).orElseThrow()).hasSizeLessThan(250);
  }

  /** Whatever it is, there is an end, and no exception. */
  @Test
  void garbageIsPassedOver() {
    Random random = new Random(SEED);
    for (int i = 0; i < 100_000; i++) {
      byte[] bytes =
          i % 2 == 0 ? response(random.nextLong(), "some") : new byte[random.nextInt(40)];
      for (int j = i % 2 == 0 ? random.nextInt(bytes.length) : 0; j < bytes.length; j++) {
        bytes[j] = (byte) random.nextInt();
      }
      assertThat(Answer.complaint(bytes).orElse("").length() + Answer.message(bytes).length())
          .as("-Dtests.seed=%d, %d", SEED, i)
          .isLessThan(2000);
    }
  }
}
