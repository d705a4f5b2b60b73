#!/bin/sh
# Finds libLLVM 19, or puts Debian's package of it (unpacked, not installed) into the per-user cache.
#
#   ensure-libllvm.sh LOG
#
# Prints one line: on success (exit 0) the path of the library, else (exit 1) the reason. Everything else goes to LOG.
# LlvmLibrary.cs looks in the same places in the same order.

log=${1:-/dev/null}
exec 3>&1 >"$log" 2>&1
LC_ALL=C
export LC_ALL

answer() { printf '%s\n' "$1" >&3; exit 0; }
fail() { printf '%s\n' "$1" >&3; exit 1; }

# The shared libraries that FILE needs, directly or not, and that neither its folder nor the system has.
missing_for() {
    LD_LIBRARY_PATH=$(dirname "$1") ldd "$1" 2>&1 | awk '/=> not found/ { print $1 }' | sort -u
}

usable() {
    [ -f "$1" ] && LD_LIBRARY_PATH=$(dirname "$1") ldd "$1" >/dev/null 2>&1 &&
        ! LD_LIBRARY_PATH=$(dirname "$1") ldd "$1" 2>&1 | grep -q 'not found'
}

if [ -n "$UNIFIED_LIBLLVM" ]; then
    [ -f "$UNIFIED_LIBLLVM" ] && answer "$UNIFIED_LIBLLVM"
    fail "UNIFIED_LIBLLVM names '$UNIFIED_LIBLLVM', which is not a file"
fi

[ "$(uname -s)" = Linux ] || fail "libLLVM 19 is looked for on Linux only"
PATH=$PATH:/usr/sbin:/sbin

for name in libLLVM.so.19.1 libLLVM-19.so libLLVM-19.so.1; do
    for file in $(ldconfig -p 2>/dev/null | awk -v name="$name" '$1 == name { print $NF }') \
        "/usr/lib/llvm-19/lib/$name" "/usr/lib64/llvm19/lib64/$name" "/usr/lib64/llvm19/lib/$name"; do
        usable "$file" && answer "$file"
    done
done

case $XDG_CACHE_HOME in
    /*) cache=$XDG_CACHE_HOME/unified ;;
    *)
        [ -n "$HOME" ] || fail "neither HOME nor XDG_CACHE_HOME is set, so there is no place to unpack it"
        cache=$HOME/.cache/unified
        ;;
esac
target=$cache/llvm-19
library=$target/libLLVM.so.19.1
usable "$library" && answer "$library"

for tool in apt-get apt-cache dpkg-deb ldd; do
    command -v $tool >/dev/null || fail "it is not on the system, and without $tool it cannot be downloaded"
done
mkdir -p "$cache" || fail "'$cache' cannot be written"

# Builds at the same time: one downloads, the others wait and find it.
if command -v flock >/dev/null; then
    exec 9>"$cache/llvm-19.lock" && flock 9
    usable "$library" && answer "$library"
    rm -rf "$cache"/llvm-19.new.*
fi

unreachable=
work=$(mktemp -d "$cache/llvm-19.new.XXXXXX") || fail "'$cache' cannot be written"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/packages" "$work/files" "$work/out"

# Private folders need no root and leave the system's own package lists alone; its sources, keys and network settings apply.
# The hooks of `update` act on the system's folders, and the component catalogues are large: neither is wanted here.
cat >"$work/apt.conf" <<CONF
Dir::State "$work/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$work/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
#clear Acquire::IndexTargets::deb::DEP-11;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF

fetch() { (cd "$work/packages" && apt-get -c "$work/apt.conf" -q download "$@"); }

unpack() {
    for package in "$work"/packages/*.deb; do
        dpkg-deb -x "$package" "$work/files" && rm -f "$package" || return 1
    done
}

# Copies the file that SONAME names out of the unpacked packages.
take() {
    found=$(find "$work/files" -name "$1" \( -type f -o -type l \) | head -n 1)
    [ -n "$found" ] && cp -L "$found" "$work/out/$1"
}

# One list that cannot be had matters only where the package is not on the others: `update` succeeds then, with a warning.
apt-get -c "$work/apt.conf" -q update >"$work/update" 2>&1 || unreachable=yes
cat "$work/update"
grep -q -E '^[WE]: (Failed to fetch|Some index files failed)' "$work/update" && unreachable=yes
if ! apt-cache -c "$work/apt.conf" show libllvm19 >/dev/null; then
    [ -z "$unreachable" ] || fail "the package lists could not be downloaded (apt-get update): is there a network?"
    fail "the system's package sources have no libllvm19"
fi
fetch libllvm19 && unpack && take libLLVM.so.19.1 || fail "the package libllvm19 could not be downloaded or unpacked"
cp "$work/files/usr/share/doc/libllvm19/copyright" "$work/out/" || true

new=$work/out/libLLVM.so.19.1
missing=$(missing_for "$new")
if [ -n "$missing" ]; then
    # The C and C++ run-times come with the system: a second copy of them in one process would not work.
    needed=$(apt-cache -c "$work/apt.conf" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances libllvm19 | grep '^[a-z0-9]' | sort -u |
        grep -v -E '^(libllvm19|libc6|libstdc\+\+6|libgcc-s1|gcc-.*-base)$|:')
    fetch $needed && unpack || fail "the packages that libllvm19 needs could not be downloaded or unpacked"
fi
while [ -n "$missing" ]; do
    for name in $missing; do
        take "$name" || fail "libLLVM 19 needs $name, which is not in the packages it names"
    done
    missing=$(missing_for "$new")
done
usable "$new" || fail "the downloaded libLLVM 19 does not load on this system"

[ ! -e "$target" ] || mv "$target" "$work/old" || fail "'$target' cannot be replaced"
mv "$work/out" "$target" || fail "'$target' cannot be written"
answer "$library"
