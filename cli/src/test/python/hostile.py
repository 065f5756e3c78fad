"""Publishes what a publisher must not: hostile.py WHAT -name NAME. Ends with its standard input."""
import ctypes, fcntl, mmap, os, resource, struct, sys, threading

SHRINK, GROW, FUTURE_WRITE, SEAL = 0x2, 0x4, 0x10, 0x1
ALL = SHRINK | GROW | FUTURE_WRITE | SEAL


def file(names, count=None, data_offset=None, flags=0, size=1):
    stats = len(names)
    data = 72 + 64 * stats
    header = struct.pack(
        "=6I48s", 0, 48, stats if count is None else count, 24, 72,
        data if data_offset is None else data_offset, b"kvm-1")
    for i, name in enumerate(names):
        header += struct.pack("=IhHII48s", flags, 0, size, 8 * size * i, 0, name)
    return bytearray(header + bytes(8 * size * stats)), data


def publish(memfd, content, seals):
    fd = os.memfd_create(memfd, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, len(content))
    memory = mmap.mmap(fd, len(content))
    memory[:] = bytes(content)
    fcntl.fcntl(fd, 1033, seals)
    return fd, memory


def forever(step):
    def loop():
        i = 0
        while True:
            step(i)
            i += 1
    threading.Thread(target=loop, daemon=True).start()


what = sys.argv[1]
good, data = file([b"exits"])
keep = []
if what == "unsealed":
    keep.append(publish("kvm-vm-stats", good, 0))
elif what == "half-sealed":
    keep.append(publish("kvm-vm-stats", good, SHRINK | GROW | SEAL))
elif what == "shrinks":
    fd, memory = publish("kvm-vm-stats", good, 0)
    forever(lambda i: os.ftruncate(fd, i % len(good)))
elif what == "lies":
    keep.append(publish("kvm-vm-stats", file([b"exits"], count=0xffffffff)[0], ALL))
    keep.append(publish("kvm-vcpu-stats:0", file([b"exits"], data_offset=1 << 23)[0], ALL))
    keep.append(publish("kvm-vcpu-stats:1", bytes([0xff]) * 4096, ALL))
    keep.append(publish("kvm-vcpu-stats:2", good, ALL))
elif what == "escape":
    keep.append(publish("kvm-vm-stats", file([b"\x1b[31mexits"])[0], ALL))
elif what == "rewrites":
    fd, memory = publish("kvm-vm-stats", good, ALL)

    def rewrite(i):
        # Mostly what a reader accepts, but never twice the same.
        head = file([b"exits%08d" % (i % 100000000)])[0][:data]
        memory[:data] = bytes(data) if i % 16 == 0 else bytes(head)
    forever(rewrite)
elif what == "backwards":
    fd, memory = publish("kvm-vm-stats", good, ALL)
    value = ctypes.c_uint64.from_buffer(memory, data)
    value.value = 2**64 - 1

    def down(i):
        value.value -= 1
    forever(down)
elif what == "wide":
    wide, data = file([b"exits"], flags=0x4, size=65535)
    fd, memory = publish("kvm-vm-stats", wide, ALL)
    value = ctypes.c_uint64.from_buffer(memory, data)

    def up(i):
        value.value += 1
    forever(up)
elif what == "many":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    memory = None
    for i in range(10000):
        # Python's mmap has a descriptor of its own of each: one will do.
        fd, memory = publish("kvm-vcpu-stats:%d" % i, good, ALL)
        os.close(fd)
        keep.append(memory)
print("ready", flush=True)
sys.stdin.read()
os._exit(0)
