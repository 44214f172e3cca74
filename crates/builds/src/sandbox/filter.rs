//! System calls that no build needs, refused by a seccomp filter: those that change mounts, enter or
//! make namespaces, reach keys, hypervisors or other corners of the kernel, and typing into a
//! terminal. Each is the start of some known escape.

use libc::sock_filter;
use std::io::Result;

/// Calls that fail with "not permitted".
const REFUSED: &[libc::c_long] = &[
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_open_by_handle_at,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
];
/// Calls that fail with "not known", so that programs use their older relatives: what these are
/// asked for lies where a filter cannot look.
const UNKNOWN: &[libc::c_long] = &[libc::SYS_clone3, libc::SYS_io_uring_setup];
/// Families of sockets that builds use: IPv4, IPv6, asking the kernel for addresses, local ones.
const FAMILIES: [libc::c_int; 4] = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK, libc::AF_UNIX];
/// Requests to a terminal that put characters into its input.
const TYPING: [u32; 2] = [0x5412, 0x541c];

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;
/// From this number on, x86-64 has a second table of calls.
const SECOND_TABLE: u32 = 0x4000_0000;

/// Offsets in what a filter is shown: number, architecture, lower halves of arguments.
const NUMBER: u32 = 0;
const MACHINE: u32 = 4;
const ARGUMENT: [u32; 2] = [16, 24];

const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const AT_LEAST: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
const SET: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;

fn error(number: libc::c_int) -> u32 {
    libc::SECCOMP_RET_ERRNO | number.cast_unsigned()
}

fn line(code: u32, value: u32, yes: u8, no: u8) -> sock_filter {
    sock_filter { code: code as u16, jt: yes, jf: no, k: value }
}

/// A call by its number; numbers are small.
fn call(number: libc::c_long) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Which sockets a build may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sockets {
    /// Local ones too: something else keeps them from the machine's.
    All,
    /// Pairs and the network alone: local ones would reach the machine's services.
    Network,
}

/// The filter.
pub(crate) fn program(sockets: Sockets) -> Vec<sock_filter> {
    let mut out = vec![
        line(LOAD, MACHINE, 0, 0),
        line(EQUAL, ARCHITECTURE, 1, 0),
        line(RETURN, error(libc::ENOSYS), 0, 0),
        line(LOAD, NUMBER, 0, 0),
        line(AT_LEAST, SECOND_TABLE, 0, 1),
        line(RETURN, error(libc::ENOSYS), 0, 0),
    ];
    for (calls, number) in [(REFUSED, libc::EPERM), (UNKNOWN, libc::ENOSYS)] {
        for refused in calls {
            out.extend([line(EQUAL, call(*refused), 0, 1), line(RETURN, error(number), 0, 0)]);
        }
    }
    for by_flags in [libc::SYS_unshare, libc::SYS_clone] {
        out.extend(on(by_flags, 0, &namespaces()));
    }
    out.extend(on(libc::SYS_ioctl, 1, &typing()));
    out.extend(on(libc::SYS_socket, 0, &families(sockets)));
    out.push(line(RETURN, ALLOW, 0, 0));
    out
}

/// `then`, which ends every path with a return, when the call is `number`; its argument is loaded.
fn on(number: libc::c_long, argument: usize, then: &[sock_filter]) -> Vec<sock_filter> {
    let length = u8::try_from(then.len() + 1).unwrap_or(u8::MAX);
    let mut out = vec![line(EQUAL, call(number), 0, length), line(LOAD, ARGUMENT[argument], 0, 0)];
    out.extend_from_slice(then);
    out
}

/// A new user namespace would give back the rights that were taken.
fn namespaces() -> [sock_filter; 3] {
    [
        line(SET, libc::CLONE_NEWUSER.cast_unsigned(), 0, 1),
        line(RETURN, error(libc::EPERM), 0, 0),
        line(RETURN, ALLOW, 0, 0),
    ]
}

fn typing() -> Vec<sock_filter> {
    let mut out = Vec::new();
    for request in TYPING {
        out.extend([line(EQUAL, request, 0, 1), line(RETURN, error(libc::EPERM), 0, 0)]);
    }
    out.push(line(RETURN, ALLOW, 0, 0));
    out
}

fn families(sockets: Sockets) -> Vec<sock_filter> {
    let mut out = Vec::new();
    for family in FAMILIES.into_iter().filter(|family| sockets == Sockets::All || *family != libc::AF_UNIX) {
        out.extend([line(EQUAL, family.cast_unsigned(), 0, 1), line(RETURN, ALLOW, 0, 0)]);
    }
    out.push(line(RETURN, error(libc::EAFNOSUPPORT), 0, 0));
    out
}

/// The filter as bytes, in the shape that bubblewrap reads.
pub(crate) fn bytes(program: &[sock_filter]) -> Vec<u8> {
    let of = |line: &sock_filter| {
        let [a, b] = line.code.to_ne_bytes();
        let [c, d, e, f] = line.k.to_ne_bytes();
        [a, b, line.jt, line.jf, c, d, e, f]
    };
    program.iter().flat_map(of).collect()
}

/// Sets the filter for this process and all that come of it. Called between fork and exec.
pub(super) fn install(program: &[sock_filter]) -> Result<()> {
    let whole = libc::sock_fprog {
        len: u16::try_from(program.len()).unwrap_or(u16::MAX),
        filter: program.as_ptr().cast_mut(),
    };
    // SAFETY: the kernel reads `len` lines at `filter` during the call and writes nothing; both live
    // beyond it. A process that may gain no privileges may set a filter.
    unsafe {
        super::child::check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
        super::child::check(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_fits_the_kernel_and_its_jumps_stay_inside() {
        let program = program(Sockets::All);
        assert!(program.len() < 4096);
        for (at, line) in program.iter().enumerate() {
            assert!(
                at + 1 + usize::from(line.jt.max(line.jf))
                    < program.len() + usize::from(at + 1 == program.len()),
                "{at}"
            );
        }
        assert_eq!(bytes(&program).len(), program.len() * 8);
    }
}
