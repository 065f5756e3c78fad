package io.kvmstats.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a client says of what it wants. */
class RequestTest {
  @Test
  void parametersAreDecodedAndInOrder() {
    var request = new Request("name[]=a%5B&x=1&name%5B%5D=b+c&name[]&name[]=%zz&&=", "");
    assertThat(request.parameters("name[]")).containsExactly("a[", "b c", "%zz");
    assertThat(request.parameters("none")).isEmpty();
    assertThat(new Request("", "").parameters("")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip|true",
        "deflate, GZIP;q=0.5|true",
        "br,gzip ; q=1|true",
        "gzip;q=0|false",
        "gzip; q=0.000|false",
        "deflate|false",
        "gzipped|false",
        "''|false"
      })
  void gzipIsForWhoTakesIt(String accepted, boolean takes) {
    assertThat(WebServer.takesGzip(accepted)).isEqualTo(takes);
  }
}
