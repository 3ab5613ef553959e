//! What goes past the compiler: that a ring's descriptor is one, and a call that hands the
//! kernel a text.
#![expect(unsafe_code, reason = "the crate of these events knows neither")]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use perf_event::Sampler;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// `PERF_EVENT_IOC_SET_FILTER`.
const SET_FILTER: libc::Ioctl = libc::_IOW::<*const libc::c_char>(b'$' as u32, 6);

/// One ring.
pub(super) struct Ring(Sampler);

impl AsRawFd for Ring {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Ring {
    /// A ring that wakes whoever waits for it.
    pub(super) fn register(sampler: Sampler) -> io::Result<AsyncFd<Self>> {
        // SAFETY: a sampler owns its descriptor, which is open and the same as long as the
        // sampler lives, and nobody takes it out of this.
        let ring = unsafe { AsyncFd::register_with_interest(Self(sampler), Interest::READABLE) };
        ring.map_err(|error| error.into_parts().1)
    }

    pub(super) fn sampler(&mut self) -> &mut Sampler {
        &mut self.0
    }
}

/// Tells the kernel which records of an event are wanted.
pub(super) fn set_filter(of: &impl AsRawFd, only: &CStr) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as `of` is, and the text, which ends with a
    // zero, outlives the call: the kernel reads a copy of it, and writes nothing.
    match unsafe { libc::ioctl(of.as_raw_fd(), SET_FILTER, only.as_ptr()) } {
        0.. => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
