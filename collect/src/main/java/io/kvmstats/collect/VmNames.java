package io.kvmstats.collect;

import io.kvmstats.core.text.Text;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.Vmm;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What tells each VMM in a label: its VM's name, if nobody who lives has it.
 *
 * <p>It stays what it is as long as the VMM lives, whatever names come and go meanwhile: a series
 * that changed its name would end, and another one begin. Only what a process publishes, which can
 * call itself anything, gives a name up, to a VM of the kernel's. Used by one thread at a time.
 */
public final class VmNames {
  /** libvirt's names have less, and a hostile one is in each of its VM's series. */
  private static final int CHARACTERS_MAX = 255;

  /** Who is named first, of those that are new: a restart of ours makes all so. */
  private static final Comparator<VmmView> ORDER =
      Comparator.comparing(VmmView::isPublished)
          .thenComparingLong(vmm -> vmm.key().startTicks())
          .thenComparingInt(VmmView::pid);

  private final Map<Vmm.Key, String> names = new HashMap<>();
  private final Map<String, VmmView> holders = new HashMap<>();

  /** Begins with no VMM known. */
  public VmNames() {}

  /**
   * Names those who are new, and forgets those who have ended, whose names are free then.
   *
   * @param living all that are there now
   */
  public void see(List<VmmView> living) {
    names.keySet().retainAll(living.stream().map(VmmView::key).collect(Collectors.toSet()));
    holders.keySet().retainAll(Set.copyOf(names.values()));
    living.stream().sorted(ORDER).filter(vmm -> !names.containsKey(vmm.key())).forEach(this::name);
  }

  private void name(VmmView vmm) {
    String process = "pid " + vmm.pid();
    String plain = vmm.name().map(VmName::text).map(VmNames::shown).orElse(process);
    VmmView holder = holders.get(plain);
    if (holder != null && holder.isPublished() && !vmm.isPublished()) {
      holders.put(plain, vmm);
      names.put(vmm.key(), plain);
      name(holder);
      return;
    }
    String name = plain;
    // The second one is taken only by a VM whose user called it so.
    for (int i = 1; holders.putIfAbsent(name, vmm) != null; i++) {
      name = plain + " (" + process + (i == 1 ? "" : ", " + i) + ")";
    }
    names.put(vmm.key(), name);
  }

  /**
   * {@return a VMM's name, which no other one has}
   *
   * @param vmm one that was seen
   */
  public String of(VmmView vmm) {
    return Objects.requireNonNull(names.get(vmm.key()), "a VMM that was not seen");
  }

  /**
   * {@return somebody's words as they can be in a label: safe for a terminal, and not too long}
   *
   * @param text of anybody's
   */
  public static String shown(String text) {
    String shown = Text.printable(text);
    if (shown.length() <= CHARACTERS_MAX) {
      return shown;
    }
    int end = CHARACTERS_MAX - 1;
    return shown.substring(0, Character.isLowSurrogate(shown.charAt(end)) ? end - 1 : end) + "…";
  }
}
