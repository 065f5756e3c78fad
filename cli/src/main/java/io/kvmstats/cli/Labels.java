package io.kvmstats.cli;

import io.kvmstats.acquire.Source;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.text.Text;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.VmUuid;
import java.util.Optional;

/** What things are called, and the parts of JSON that commands share. */
final class Labels {
  private Labels() {}

  /** {@return a VM for a sentence: its name, or its process} */
  static String vm(VmmView vmm) {
    return vm(vmm.name(), vmm.pid());
  }

  static String vm(Optional<VmName> name, int pid) {
    return name.map(n -> n.text() + " (pid " + pid + ")").orElse("pid " + pid);
  }

  /** {@return a VM for a column: its name, or its process} */
  static String shortName(VmmView vmm) {
    return vmm.name().map(VmName::text).orElse("pid " + vmm.pid());
  }

  /** {@return how a VM is read, and whether by its process's own account, for a column} */
  static String source(VmmView vmm) {
    String source = vmm.source().map(Source::label).orElse(Text.UNKNOWN);
    return vmm.isPublished() ? published(source) : source;
  }

  static String published(String source) {
    return source + ", published";
  }

  static String scope(Scope scope) {
    return switch (scope) {
      case VM -> "VM";
      case VCPU -> "vCPU";
    };
  }

  /**
   * {@return an object for a sentence; where its process holds several VMs, with the one thing that
   * tells it from another: the descriptor}
   */
  static String object(ObjectView object, VmmView vmm) {
    return (object.isVcpu() ? "vCPU " + object.vcpu() : "VM") + descriptor(object, vmm);
  }

  /** {@return a vCPU for a column} */
  static String vcpu(ObjectView vcpu, VmmView vmm) {
    return vcpu.vcpu() + descriptor(vcpu, vmm);
  }

  private static String descriptor(ObjectView object, VmmView vmm) {
    return vmm.vms() > 1 ? " (fd " + object.fd() + ")" : "";
  }

  /** Writes the members that tell which VM an object is about; the object stays open. */
  static void vm(Json json, VmmView vmm) {
    json.name("pid").value(vmm.pid());
    json.name("vmm").value(vmm.program());
    identity(json, vmm.identity());
    json.name("vm_count").value(vmm.vms());
    json.name("vcpu_count").value(vmm.vcpus().size());
    json.name("source").value(vmm.source().map(Source::label).orElse(null));
    json.name("published").value(vmm.isPublished());
    json.name("why_not_better").value(vmm.shortfall().orElse(null));
  }

  /** Writes the members that tell what a VM is called; the object stays open. */
  static void identity(Json json, VmIdentity identity) {
    json.name("name").value(identity.name().map(VmName::text).orElse(null));
    json.name("name_origin").value(identity.name().map(VmName::origin).orElse(null));
    json.name("uuid").value(identity.uuid().map(uuid -> uuid.value().toString()).orElse(null));
    json.name("uuid_origin").value(identity.uuid().map(VmUuid::origin).orElse(null));
  }
}
