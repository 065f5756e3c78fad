package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares every number taken from the kernel's headers with what a C compiler makes of them. */
class KvmAbiTest {
  private static final String UNKNOWN = "?";

  /** Constants of this project's own choice; all others need a counterpart in kvm-abi.c. */
  private static final Set<String> OURS =
      Set.of(
          "Exec.HEX",
          "Exec.UINT_MAX",
          "Fd.CLOSED",
          "PacketSocket.BACKLOG",
          "ProcessMemory.CHUNK_BYTES",
          "ProcessMemory.PAGE_BYTES",
          "SignalFrame.ALTSTACK_AS_IT_IS",
          "SignalFrame.AMX",
          "SignalFrame.BYTES_BEFORE_AMX",
          "SignalFrame.START_BYTES",
          "SignalFrame.XSAVE_ALIGNMENT",
          "StatsFileLayout.NAME_BYTES_MAX",
          "StatsFileLayout.DESCRIPTORS_MAX",
          "StatsFileLayout.DATA_BYTES_MAX",
          "StatsFileLayout.FILE_BYTES_MAX");

  private static final Set<Class<?>> X86_ONLY =
      Set.of(
          Exec.class,
          KvmAbi.class,
          ProcessMemory.class,
          Ptrace.class,
          SeccompFilter.class,
          SeccompListener.class,
          SignalFrame.class);

  @TempDir private static Path folder;

  /** What the C program says, by name. */
  private static final Map<String, String> HEADERS = new HashMap<>();

  @BeforeAll
  static void compileAndRun() throws Exception {
    String program = folder.resolve("kvm-abi").toString();
    Command.run("cc", "-Wall", "-Wextra", "-Werror", "-o", program, "src/test/c/kvm-abi.c");
    for (String line : Command.run(program).lines().toList()) {
      String[] columns = line.split(" ", 2);
      assertThat(HEADERS.put(columns[0], columns[1])).as("printed twice: %s", line).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "io.kvmstats.linux.KvmAbi",
        "io.kvmstats.linux.Errno",
        "io.kvmstats.linux.Fd",
        "io.kvmstats.linux.Mapping",
        "io.kvmstats.linux.Memfd",
        "io.kvmstats.linux.Pidfd",
        "io.kvmstats.linux.OpenFiles",
        "io.kvmstats.linux.Poll",
        "io.kvmstats.linux.Exec",
        "io.kvmstats.linux.ProcessMemory",
        "io.kvmstats.linux.Ptrace",
        "io.kvmstats.linux.SeccompFilter",
        "io.kvmstats.linux.SeccompListener",
        "io.kvmstats.linux.SignalFrame",
        "io.kvmstats.core.statsfd.StatsFileLayout"
      })
  void constantsAreTheHeaders(String className) throws Exception {
    Class<?> type = Class.forName(className);
    if (X86_ONLY.contains(type)) {
      assumeX86();
    }
    assertSame(constants(type), type);
  }

  @Test
  void registersAreInTheHeadersOrder() {
    assumeX86();
    Map<String, String> ours = new TreeMap<>();
    List<Register> order = List.of(Register.values());
    order.forEach(r -> ours.put("Register." + r, Integer.toString(order.indexOf(r))));
    ours.put("Register.BYTES", Long.toString(Register.BYTES));
    assertSame(ours, Register.class);
  }

  @Test
  void kcmpIsTheHeaders() throws Exception {
    Map<String, String> ours = constants(Kcmp.class);
    ours.put("Kcmp.number()", Long.toString(Kcmp.number()));
    assertSame(ours, Kcmp.class);
  }

  @Test
  void socketsAreTheHeaders() throws Exception {
    Map<String, String> ours = constants(PacketSocket.class);
    ours.put("PacketSocket.peerCredentials()", Integer.toString(PacketSocket.peerCredentials()));
    assertSame(ours, PacketSocket.class);
  }

  @Test
  void exitsAreTheHeaders() {
    Map<String, String> ours = new TreeMap<>();
    for (KvmExit exit : KvmExit.values()) {
      if (exit != KvmExit.OTHER) {
        ours.put("KvmExit." + exit, Integer.toString(exit.reason()));
      }
    }
    assertSame(ours, KvmExit.class);
  }

  @Test
  void descriptorFlagsAreTheHeaders() {
    Map<String, String> types = new TreeMap<>();
    for (StatType type : StatType.values()) {
      if (type != StatType.UNKNOWN) {
        types.put("StatType." + type, flags(type, Unit.NONE, Base.POW10));
      }
    }
    assertSame(types, StatType.class);
    Map<String, String> units = new TreeMap<>();
    for (Unit unit : Unit.values()) {
      if (unit != Unit.UNKNOWN) {
        units.put("Unit." + unit, flags(StatType.CUMULATIVE, unit, Base.POW10));
      }
    }
    assertSame(units, Unit.class);
    Map<String, String> bases = new TreeMap<>();
    for (Base base : Base.values()) {
      if (base != Base.UNKNOWN) {
        bases.put("Base." + base, flags(StatType.CUMULATIVE, Unit.NONE, base));
      }
    }
    assertSame(bases, Base.class);
  }

  private static String flags(StatType type, Unit unit, Base base) {
    return Integer.toString(Descriptor.flags(type, unit, base));
  }

  @Test
  void errorsAreNamedAsTheLibraryNamesThem() {
    assertThat(HEADERS).containsEntry("errno.2", "ENOENT No such file or directory");
    for (int errno = 1; errno <= 200; errno++) {
      String none = "errno " + errno;
      assertThat(Errno.name(errno) + " " + Errno.text(errno))
          .isEqualTo(HEADERS.getOrDefault("errno." + errno, none + " " + none));
    }
  }

  private static void assumeX86() {
    assumeTrue(
        System.getProperty("os.arch").equals("amd64"),
        "kvm-abi.c knows KVM's structures on x86-64 only");
  }

  /** Both ways: a constant that the program does not know fails too, and so does a stale line. */
  private static void assertSame(Map<String, String> ours, Class<?> type) {
    String prefix = type.getSimpleName() + ".";
    Map<String, String> headers = new TreeMap<>(HEADERS);
    headers.keySet().removeIf(name -> !name.startsWith(prefix));
    Set<String> unknown = Set.copyOf(headers.keySet().stream().filter(KvmAbiTest::open).toList());
    headers.keySet().removeAll(unknown);
    assertThat(ours.keySet()).containsAll(unknown);
    ours.keySet().removeAll(unknown);
    assertThat(ours).isNotEmpty().isEqualTo(headers);
    assumeTrue(unknown.isEmpty(), "needs /dev/kvm to check " + unknown + "; the others are right");
  }

  private static boolean open(String name) {
    return HEADERS.get(name).equals(UNKNOWN);
  }

  private static Map<String, String> constants(Class<?> type) throws IllegalAccessException {
    Map<String, String> constants = new TreeMap<>();
    for (Field field : type.getDeclaredFields()) {
      String name = type.getSimpleName() + "." + field.getName();
      int modifiers = field.getModifiers();
      boolean constant = Modifier.isStatic(modifiers) && Modifier.isFinal(modifiers);
      if (constant && field.getType().isPrimitive() && !OURS.contains(name)) {
        field.setAccessible(true);
        constants.put(name, field.get(null).toString());
      }
    }
    return constants;
  }
}
