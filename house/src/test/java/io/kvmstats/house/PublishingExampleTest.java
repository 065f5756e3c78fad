package io.kvmstats.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java of docs/publishing.md, compiled and run as it stands there. */
class PublishingExampleTest {
  private static final Path DOCUMENT = Programs.HOME.resolve("docs/publishing.md");
  private static final Pattern EXAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void theExamplePublishes(@TempDir Path folder) throws Exception {
    Matcher example = EXAMPLE.matcher(Files.readString(DOCUMENT));
    assertThat(example.find()).isTrue();
    Path source = folder.resolve("Example.java");
    Files.writeString(
        source,
        """
        import io.kvmstats.core.model.*;
        import io.kvmstats.publish.*;

        class Example {
          public static void main(String[] args) throws Exception {
            %s
            System.out.println(exits.get() + " " + waits.get(26));
          }
        }
        """
            .formatted(example.group(1)));
    assertThat(Programs.java(source)).isEqualTo("1 1\n");
  }
}
