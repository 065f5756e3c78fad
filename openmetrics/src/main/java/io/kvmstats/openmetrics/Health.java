package io.kvmstats.openmetrics;

/**
 * How whoever reads the VMs is himself, beside what they say.
 *
 * @param up whether there is anything to read from: the broker, or this host
 * @param hidden how many processes seem to hold VMs whose statistics can't be got at
 * @param sweepSeconds how long the last sweep took; NaN when there was none
 * @param version of kvmstats
 */
public record Health(boolean up, int hidden, double sweepSeconds, String version) {}
