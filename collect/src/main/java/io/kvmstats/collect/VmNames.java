package io.kvmstats.collect;

import io.kvmstats.core.text.Text;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.Vmm;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What tells each VMM in a label: its VM's name, if nobody who lives has it.
 *
 * <p>It stays what it is as long as the VMM lives, whatever names come and go meanwhile: a series
 * that changed its name would end, and another one begin. Used by one thread at a time.
 */
public final class VmNames {
  /** libvirt's names have less, and a hostile one is in each of its VM's series. */
  private static final int CHARACTERS_MAX = 255;

  private final Map<Vmm.Key, String> names = new HashMap<>();
  private final Set<String> taken = new HashSet<>();

  /** Begins with no VMM known. */
  public VmNames() {}

  /**
   * Forgets those who have ended, whose names are free then.
   *
   * @param living all that are there now
   */
  public void keepOnly(Set<Vmm.Key> living) {
    names.keySet().retainAll(living);
    taken.clear();
    taken.addAll(names.values());
  }

  /**
   * {@return a VMM's name, which no other one has}
   *
   * @param vmm one that lives
   */
  public String of(VmmView vmm) {
    return names.computeIfAbsent(vmm.key(), _ -> choose(vmm));
  }

  private String choose(VmmView vmm) {
    String process = "pid " + vmm.pid();
    String plain = vmm.name().map(VmName::text).map(VmNames::shown).orElse(process);
    String name = plain;
    // The second one is taken only by a VM whose user called it so.
    for (int i = 1; !taken.add(name); i++) {
      name = plain + " (" + process + (i == 1 ? "" : ", " + i) + ")";
    }
    return name;
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
