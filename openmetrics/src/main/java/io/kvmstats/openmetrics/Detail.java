package io.kvmstats.openmetrics;

/** How much is exported; each adds to the one before, or says it of smaller parts. */
public enum Detail {
  /** A VM's own numbers, and those of its vCPUs added up. */
  VM,
  /** A VM's own numbers, and those of each of its vCPUs. */
  VCPU,
  /** The histograms too: some thirty series each. */
  HISTOGRAMS
}
