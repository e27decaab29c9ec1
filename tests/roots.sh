# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Fresh Debian roots, for scripts that source this. As root; the mirror is that of this machine's apt.
# The bare roots are kept in the cache; each use works on a copy, which goes when the shell ends.
roots_cache=${IOMMUSCOPE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iommuscope-tests}/roots
roots_open=()

# make_bare SUITE: its archive, if there is none
make_bare() {
    local suite=$1 archive=$roots_cache/$1-bare.tar root mirror
    [ ! -f "$archive" ] || return 0
    mkdir -p "$roots_cache"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)
    root=$(mktemp -d "$roots_cache/new.XXXXXX")
    # make is what README has the user install to begin with
    debootstrap --variant=minbase --include=make,ca-certificates "$suite" "$root" "$mirror" >&2
    tar -C "$root" -cf "$root.tar" .
    mv "$root.tar" "$archive" # whole or not there, also when two make it at once
    rm -rf "$root"
}

# open_root SUITE: sets $root
open_root() {
    make_bare "$1"
    root=$(mktemp -d "$roots_cache/run.XXXXXX")
    roots_open+=("$root")
    trap close_roots EXIT
    tar -C "$root" -xf "$roots_cache/$1-bare.tar"
    chmod 755 "$root" # for users other than root
    cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true
    local file
    for file in /etc/hosts /etc/apt/apt.conf.d/*proxy*; do
        [ ! -e "$file" ] || cp --parents "$file" "$root"
    done
    mount --bind "$root" "$root" # so that what runs in it can have mounts of its own (unshare)
    mount --make-private "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
}

# in_root ROOT COMMAND...: with a clean environment
in_root() {
    local root=$1
    shift
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

close_root() { # ROOT
    umount -l "$1/proc" "$1/dev" "$1" 2>/dev/null || true
    rm -rf --one-file-system "$1"
}

close_roots() {
    local root
    for root in "${roots_open[@]}"; do
        [ ! -d "$root" ] || close_root "$root"
    done
    roots_open=()
}
