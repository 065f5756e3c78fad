package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is asked what a VM is called, who goes first, and who is not believed. */
class IdentitiesTest {
  private static final int PID = 4711;
  private static final String UUID = "c7a5fdbd-edaf-9455-926a-d65c16db1809";
  private static final String SCOPE =
      "0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator";

  /** Command lines as the programs' own documents and starters have them, shortened. */
  private static final String COMMAND_LINES =
      """
      /usr/bin/qemu-system-x86_64 -name guest=web,debug-threads=on -S -machine pc,usb=off \
      -uuid c7a5fdbd-edaf-9455-926a-d65c16db1809 -no-user-config | web, -name, -uuid
      /usr/bin/kvm -id 100 -name web,debug-threads=on -no-shutdown -smbios \
      type=1,uuid=c7a5fdbd-edaf-9455-926a-d65c16db1809 -smp 2 | web, -name, -smbios
      /usr/bin/kvm -id 100 -no-shutdown | 100, -id
      /usr/bin/kvm -id x | ''
      /usr/bin/qemu-system-x86_64 -name sandbox-5b6b02f5,debug-threads=on \
      -uuid c7a5fdbd-edaf-9455-926a-d65c16db1809 | sandbox-5b6b02f5, -name, -uuid
      lkvm run --name web -c 2 | web, -name
      firecracker --api-sock /run/fc.socket --id web | web, --id
      firecracker --api-sock /run/fc.socket | /run/fc.socket, --api-sock
      firecracker --id anonymous-instance | ''
      firecracker --no-api --config-file vm.json -- --id x | ''
      firecracker-v1.7.0-x86_64 --id=551e7604-e35c-42b3-b825-416853441234 \
      --start-time-us=1 | 551e7604-e35c-42b3-b825-416853441234, --id
      cloud-hypervisor --api-socket /run/ch.sock --cpus boot=4 | /run/ch.sock, --api-socket
      cloud-hypervisor --api-socket=path=/run/ch.sock \
      --platform num_pci_segments=2,uuid=c7a5fdbd-edaf-9455-926a-d65c16db1809 \
      | /run/ch.sock, --api-socket, --platform
      cloud-hypervisor --api-socket fd=5 --kernel vmlinux | ''
      crosvm run --disable-sandbox --name web -s /run/crosvm.sock vmlinux | web, --name
      crosvm run -s /run/crosvm.sock vmlinux | /run/crosvm.sock, --socket
      crosvm run --socket=/run/crosvm.sock vmlinux | /run/crosvm.sock, --socket
      crosvm run --name=a,b vmlinux | a,b, --name
      vmm | ''
      """;

  @TempDir private Path folder;
  private FakeProc proc;
  private Path run;

  @BeforeEach
  void makeUp() throws IOException {
    proc = new FakeProc(Files.createDirectory(folder.resolve("proc")));
    run = folder.resolve("run");
    Path namespaces = Files.createDirectories(proc.root().resolve("self/ns"));
    Files.createSymbolicLink(namespaces.resolve("pid"), Path.of("pid:[4026531836]"));
  }

  private void process(String program, String nsPid, String... arguments) throws IOException {
    Path process = proc.process(PID, program, 1, arguments);
    Files.writeString(
        process.resolve("task/" + PID + "/status"), "Name:\tx\nNSpid:\t" + nsPid + "\n");
  }

  private VmIdentity identity(String program) {
    return new Identities(new ProcFs(proc.root()), new LibvirtStatus(run)::of).of(PID, program);
  }

  private Path libvirt(String driver, String file, String text) throws IOException {
    Path drivers = Files.createDirectories(run.resolve("libvirt").resolve(driver));
    Files.setPosixFilePermissions(drivers, PosixFilePermissions.fromString("rwxr-xr-x"));
    return Files.writeString(drivers.resolve(file), text);
  }

  private static String status(int pid, String name) {
    return """
    <!--
    WARNING: THIS IS AN AUTO-GENERATED FILE.
    -->
    <domstatus state='running' reason='booted' pid='%d'>
      <monitor path='/var/lib/libvirt/x' type='unix'/>
      <namespaces><mount/></namespaces>
      <qemuCaps><flag name='kvm'/></qemuCaps>
      <domain type='kvm' id='1'>
        <name>%s</name>
        <uuid>%s</uuid>
        <memory unit='KiB'>1</memory>
      </domain>
    </domstatus>
    """
        .formatted(pid, name, UUID);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = COMMAND_LINES)
  void aCommandLineSays(String commandLine, String expected) throws IOException {
    String[] arguments = commandLine.split(" ");
    process("vmm", "4711", arguments);
    VmIdentity found = identity("vmm");
    StringBuilder said = new StringBuilder();
    found.name().ifPresent(name -> said.append(name.text() + ", " + name.origin()));
    found
        .uuid()
        .ifPresent(uuid -> {
          assertThat(uuid.value()).hasToString(UUID);
          said.append(", " + uuid.origin());
        });
    assertThat(said).hasToString(expected);
  }

  @Test
  void whoIsSurelyAboutThisProcessGoesFirst() throws IOException {
    libvirt("ch", "web.xml", status(PID, "of-libvirt"));
    String[] arguments = {"cloud-hypervisor", "--api-socket", "/run/ch.sock"};
    process("cloud-hypervisor", "4711", arguments);
    Path cgroup = proc.root().resolve(PID + "/cgroup");
    Files.writeString(cgroup, SCOPE + "\n");
    VmIdentity managed = identity("cloud-hypervisor");
    assertThat(managed.name()).contains(new VmName("of-libvirt", "libvirt"));
    assertThat(managed.uuid()).isEqualTo(VmUuid.parse(UUID, "libvirt"));
    Files.delete(run.resolve("libvirt/ch/web.xml"));
    assertThat(identity("cloud-hypervisor").name())
        .contains(new VmName("qemu-1-web", "machine scope"));
    Files.delete(cgroup);
    assertThat(identity("cloud-hypervisor").name())
        .contains(new VmName("/run/ch.sock", "--api-socket"));
    libvirt("qemu", "web.xml", status(PID, "of-libvirt"));
    process("qemu-system-x86_64", "4711", "qemu-system-x86_64", "-name", "own");
    VmIdentity both = identity("qemu-system-x86_64");
    assertThat(both.name()).contains(new VmName("own", "-name"));
    assertThat(both.uuid()).isEqualTo(VmUuid.parse(UUID, "libvirt"));
  }

  @Test
  void aStatusFileIsBelievedOnlyOfItsOwnProcess() throws IOException {
    libvirt("ch", "other.xml", status(PID + 1, "other"));
    process("cloud-hypervisor", "4711", "cloud-hypervisor");
    assertThat(identity("cloud-hypervisor")).isEqualTo(VmIdentity.UNKNOWN);
    libvirt("ch", "web.xml", status(PID, "web &amp; &#x202e;more"));
    assertThat(identity("cloud-hypervisor").name())
        .contains(new VmName("web & \u202emore", "libvirt"));
    // Another driver's process, whose pid has come again.
    assertThat(identity("firecracker")).isEqualTo(VmIdentity.UNKNOWN);
    // A process in a container, whose pid libvirt may know by another number.
    process("cloud-hypervisor", "4711\t57", "cloud-hypervisor");
    assertThat(identity("cloud-hypervisor")).isEqualTo(VmIdentity.UNKNOWN);
    // This process itself in one, where libvirt's pids are the host's.
    process("cloud-hypervisor", "4711", "cloud-hypervisor");
    Path own = proc.root().resolve("self/ns/pid");
    Files.delete(own);
    Files.createSymbolicLink(own, Path.of("pid:[4026532245]"));
    assertThat(identity("cloud-hypervisor")).isEqualTo(VmIdentity.UNKNOWN);
  }

  @Test
  void whatAnybodyCouldHaveWrittenIsNotRead() throws IOException {
    Path file = libvirt("ch", "web.xml", status(PID, "web"));
    process("cloud-hypervisor", "4711", "cloud-hypervisor");
    assertThat(identity("cloud-hypervisor").name()).isPresent();
    Path drivers = run.resolve("libvirt/ch");
    Files.setPosixFilePermissions(drivers, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(identity("cloud-hypervisor")).isEqualTo(VmIdentity.UNKNOWN);
    Files.setPosixFilePermissions(drivers, PosixFilePermissions.fromString("rwxr-xr-x"));
    if (Files.getAttribute(folder, "unix:uid").equals(0)) { // Only root can give files away.
      Files.setAttribute(drivers, "unix:uid", 65534);
      assertThat(identity("cloud-hypervisor")).isEqualTo(VmIdentity.UNKNOWN);
      Files.setAttribute(drivers, "unix:uid", 0);
    }
    assertThat(identity("cloud-hypervisor").name()).isPresent();
    Path elsewhere = Files.move(file, folder.resolve("elsewhere.xml"));
    Files.createSymbolicLink(file, elsewhere);
    assertThat(identity("cloud-hypervisor")).isEqualTo(VmIdentity.UNKNOWN);
  }

  @Test
  void aHostileStatusFileSaysNothingAndHarmsNoOther() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "secret");
    String bomb =
        "<!DOCTYPE d [<!ENTITY a \""
            + "x".repeat(1000)
            + "\"><!ENTITY b \""
            + "&a;".repeat(1000)
            + "\"><!ENTITY c \""
            + "&b;".repeat(1000)
            + "\">]>";
    String external = "<!DOCTYPE d [<!ENTITY c SYSTEM \"" + secret.toUri() + "\">]>";
    String named = "<domstatus pid='" + PID + "'><domain><name>&c;</name></domain></domstatus>";
    libvirt("ch", "1.xml", bomb + named);
    libvirt("ch", "2.xml", external + named);
    libvirt("ch", "3.xml", "<!DOCTYPE domstatus>" + named.replace("&c;", "x"));
    libvirt("ch", "4.xml", "<domstatus pid='" + PID + "'>" + "<x>".repeat(100_000));
    libvirt("ch", "5.xml", "<domstatus pid='" + PID + "' " + "x".repeat(1 << 20));
    libvirt("ch", "6.xml", status(PID, "web<name/>"));
    libvirt("ch", "7.xml", status(PID, "\0"));
    libvirt("ch", "8.xml", status(PID, "").replace("'" + PID + "'", "'-" + PID + "'"));
    libvirt("ch", "9.xml", "");
    Files.createDirectory(run.resolve("libvirt/ch/10.xml"));
    process("cloud-hypervisor", "4711", "cloud-hypervisor");
    assertThat(identity("cloud-hypervisor")).isEqualTo(VmIdentity.UNKNOWN);
    libvirt("ch", "good.xml", status(PID, "good"));
    assertThat(identity("cloud-hypervisor").name()).contains(new VmName("good", "libvirt"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator | qemu-1-web
          1:name=systemd:/machine.slice/machine-web.scope                     | web
          0::/machine.slice/machine-caf\\xc3\\xa9.scope                       | caf\u00e9
          0::/machine.slice/machine-a\\x2.scope                               | a\\x2
          0::/machine.slice/machine-a-b.scope                                 | a-b
          2:cpu:/machine.slice/machine-web.scope                              | ''
          0::/machine.slice/machine-.scope                                    | ''
          0::/machine.slice/web.service                                       | ''
          0::/user.slice/user@7.service/machine.slice/machine-web.scope       | ''
          0::/../../machine.slice/machine-web.scope                           | ''
          0::/                                                                | ''
          """)
  void aScopeNamesItsMachine(String cgroup, String name) {
    Optional<VmName> found = MachineScope.name("9:freezer:/\n" + cgroup + "\n");
    assertThat(found.map(VmName::text).orElse("")).isEqualTo(name);
  }

  @Test
  void aNameIsReadUpToABound() throws IOException {
    String huge = "x".repeat(4 << 20);
    process("vmm", "4711", "vmm", "-name", huge, "-uuid", UUID);
    VmIdentity found = identity("vmm");
    assertThat(found.name().orElseThrow().text().length()).isLessThan(1 << 20);
    assertThat(found.uuid()).isEmpty();
    Files.write(proc.root().resolve(PID + "/cgroup"), huge.getBytes(StandardCharsets.UTF_8));
    process("vmm", "4711", "vmm");
    assertThat(identity("vmm")).isEqualTo(VmIdentity.UNKNOWN);
  }
}
