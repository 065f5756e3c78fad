package io.kvmstats.discover;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import javax.xml.XMLConstants;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What libvirt's status files say of the VMs that it runs: {@code /run/libvirt/DRIVER/NAME.xml},
 * each a {@code <domstatus pid='PID'>} with the {@code <domain>} in it (src/conf/domain_conf.c of
 * libvirt 9.0). They are root's, and for root to read.
 *
 * <p>Not those of users' own libvirts: root has no business in folders where others can put
 * anything, such as a FIFO that blocks it.
 */
final class LibvirtStatus {
  static final String ORIGIN = "libvirt";

  private static final Path SELF = Path.of("/proc/self");
  private static final int ROOT = 0;

  private static final int FILES_MAX = 4096;

  /** One of a VM with a hundred devices has some 100 KiB. */
  private static final int FILE_BYTES_MAX = 1 << 20;

  private static final int PID_DIGITS_MAX = 9;

  private static final Set<PosixFilePermission> OTHERS_WRITE =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private final Map<String, Path> folders;

  /**
   * Reads nothing yet.
   *
   * @param run where /run is
   */
  LibvirtStatus(Path run) {
    Path libvirt = run.resolve("libvirt");
    this.folders =
        Map.of("cloud-hypervisor", libvirt.resolve("ch"), "qemu", libvirt.resolve("qemu"));
  }

  /**
   * {@return what they say of all VMs of a program, by pid: as libvirt sees pids}
   *
   * @param program only that driver's files are looked at which runs it
   */
  Map<Integer, VmIdentity> of(String program) {
    Map<Integer, VmIdentity> found = new HashMap<>();
    folders.forEach((prefix, folder) -> {
      if (program.startsWith(prefix)) {
        try {
          read(folder, found);
        } catch (IOException e) {
          // There is no libvirt, or it is not for us to read: then it says nothing.
        }
      }
    });
    return found;
  }

  private static void read(Path folder, Map<Integer, VmIdentity> into) throws IOException {
    if (!isTrusted(folder)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.xml")) {
      int count = 0;
      for (Path file : files) {
        if (++count > FILES_MAX) {
          return;
        }
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          readFile(file, into);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  /** {@return whether it is a folder that nobody but root, or this user, can put a file into} */
  private static boolean isTrusted(Path folder) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    Object owner = Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    return attributes.isDirectory()
        && attributes.permissions().stream().noneMatch(OTHERS_WRITE::contains)
        && (owner.equals(ROOT) || owner.equals(Files.getAttribute(SELF, "unix:uid")));
  }

  private static void readFile(Path file, Map<Integer, VmIdentity> into) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] xml = in.readNBytes(FILE_BYTES_MAX);
      domain(xml).ifPresent(domain -> into.put(domain.pid, domain.identity));
    } catch (IOException e) {
      // Its VM has ended since the folder was listed, or it is not for us to read.
    } catch (XMLStreamException e) {
      // Half written, or something else of that name.
    }
  }

  /** What one file says. */
  record Domain(int pid, VmIdentity identity) {}

  /** {@return what a status file says, up to its domain's name and UUID, which come first in it} */
  static Optional<Domain> domain(byte[] xml) throws XMLStreamException {
    XMLStreamReader reader = parser().createXMLStreamReader(new ByteArrayInputStream(xml));
    try {
      if (nextElement(reader) && reader.getLocalName().equals("domstatus")) {
        String text = Objects.requireNonNullElse(reader.getAttributeValue(null, "pid"), "");
        int pid = Digits.parse(text, PID_DIGITS_MAX);
        while (pid != Digits.NONE && nextElement(reader)) {
          if (reader.getLocalName().equals("domain")) {
            return Optional.of(new Domain(pid, identity(reader)));
          }
          skip(reader);
        }
      }
      return Optional.empty();
    } finally {
      reader.close();
    }
  }

  private static VmIdentity identity(XMLStreamReader reader) throws XMLStreamException {
    Optional<VmName> name = Optional.empty();
    Optional<VmUuid> uuid = Optional.empty();
    while ((name.isEmpty() || uuid.isEmpty()) && nextElement(reader)) {
      switch (reader.getLocalName()) {
        case "name" -> name = Optional.of(new VmName(reader.getElementText(), ORIGIN));
        case "uuid" -> uuid = VmUuid.parse(reader.getElementText(), ORIGIN);
        default -> skip(reader);
      }
    }
    return new VmIdentity(name.filter(given -> !given.text().isEmpty()), uuid);
  }

  /** Without what a document can make a parser do: no entities, nothing from elsewhere. */
  private static XMLInputFactory parser() {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
    return factory;
  }

  /** {@return whether another element starts before this one ends} */
  private static boolean nextElement(XMLStreamReader reader) throws XMLStreamException {
    while (reader.hasNext()) {
      switch (reader.next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          return true;
        }
        case XMLStreamConstants.END_ELEMENT -> {
          return false;
        }
        case XMLStreamConstants.DTD -> throw new XMLStreamException("libvirt writes no DTD");
        default -> {}
      }
    }
    return false;
  }

  /** Reads on to the end of the element that has just started. */
  private static void skip(XMLStreamReader reader) throws XMLStreamException {
    for (int depth = 1; depth > 0; ) {
      depth += nextElement(reader) ? 1 : -1;
    }
  }
}
