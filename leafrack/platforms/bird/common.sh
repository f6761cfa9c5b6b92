# shellcheck shell=sh disable=SC2034,SC1083 # what is set here the stages use; {session} is filled in
# Facts of the platform, as tried on 2.0.12:
# - what is ours are files of their own, which bird.conf includes: nobody else's line is touched, and the files are the
#   saved configuration.
# - `birdc configure check "FILE"` reads a whole configuration and changes nothing; `birdc configure` keeps the running
#   one after an error. Both return 1 then, and name a place, never a text.
# - `configure "FILE" timeout N` runs another file on trial, and takes that back by itself: until it is confirmed, the
#   files of bird.conf are the old ones, also for a restart.
# - `configure status` tells whether somebody has yet to confirm.
# - the file is read by the user that BIRD runs as. Includes are relative to the folder of the file that has them.
# - a protocol that changed is restarted, but for description, filters and limits.
# - `configure` goes on in the background.
# - who comes by a range gets a protocol of its own, `dynbgp1` and so on, with all that the range says. It stays when the
#   session has ended, until the range is gone, and calls the node unless the range is passive.
set -u
umask 077

fail() {
    echo "$1" >&2
    exit 1
}

# BIRD's own words for an error, without the lines that come before it.
complaint() { printf '%s\n' "$1" | sed -e '/^BIRD .* ready\.$/d' -e '/^Reading configuration from /d' | head -n 1; }

stands=0
said=$(birdc configure check 2>&1) || stands=1
conf=$(printf '%s\n' "$said" | sed -n 's/^Reading configuration from //p')
[ -n "$conf" ] || fail "BIRD does not answer: $(complaint "$said")"
etc=${conf%/*} live=${conf%/*}/leafrack
# The files that are to stand, and the configuration that includes them in the place of those that do.
next=$etc/.{session} trial=$etc/.{session}.conf

include() { printf '^[[:space:]]*include[[:space:]]+"(%s/)?leafrack/[*]\\.conf"' "$etc"; }

# BIRD has to read it, and nobody else: passwords are in it.
belongs() {
    owner=$(stat -c %u:%g "$conf") && chown "$owner" "$1" || return
    if [ -d "$1" ]; then chmod u=rwx,go= "$1"; else chmod u=rw,go= "$1"; fi || return
    case $owner in 0:*) chmod "g=u" "$1" && chmod "g-w" "$1" ;; esac
}

# Seconds that pass between two commands of a job, and more.
between=30
# Whether BIRD waits for somebody to confirm. One that cannot tell (before 2.0.8) may wait as long as its time lasts.
unconfirmed() {
    case $(birdc 'configure status' 2>&1) in
        *unconfirmed*) return 0 ;;
        *'syntax error'*) between={seconds} ;;
    esac
    return 1
}

# under_way FOLDER: whether it is of a job that has not ended, as far as that can be told from how old it is.
under_way() { [ $(($(date +%s) - $(stat -c %Y "$1" 2>/dev/null || echo 0))) -le "$between" ]; }

settled() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        birdc show status 2>&1 | grep -q '^Reconfiguration in progress' || return 0
        sleep 0.5
    done
}
