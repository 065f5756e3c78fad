package io.kvmstats.core.statsfd;

import io.kvmstats.core.model.Schema;

/**
 * What is read once from a stats file: everything but the data.
 *
 * @param id the kernel's label, such as {@code kvm-10093} or {@code kvm-10094/vcpu-0}, where the
 *     number is the creating <em>thread's</em> tid: good for finding a vCPU's thread, but neither
 *     unique nor a pid
 * @param schema the statistics
 * @param dataOffset where the data block starts, in bytes from the file's start
 */
public record StatsFile(String id, Schema schema, long dataOffset) {}
