//! Gzip (RFC 1952): members one after another, each with its checksum.

use super::layer::{Broken, Inflate, Source};
use flate2::Crc;
use std::io;

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const HEADER_CRC: u8 = 2;
const RESERVED: u8 = 0xe0;

/// Unpacks gzip data. Zero bytes behind the last member are padding, as for `gzip` itself.
pub(super) struct Gzip {
    state: State,
    inflate: Inflate,
    crc: Crc,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Body,
    End,
}

impl Gzip {
    pub(super) fn new() -> Gzip {
        Gzip { state: State::Header, inflate: Inflate::new(), crc: Crc::new() }
    }

    pub(super) fn read(&mut self, source: &mut Source<'_>, out: &mut [u8]) -> (usize, Option<Broken>) {
        loop {
            match self.state {
                State::End => return (0, None),
                State::Header => match header(source) {
                    Ok(()) => self.state = State::Body,
                    Err(broken) => return (0, Some(broken)),
                },
                State::Body => {
                    let (n, broken) = self.inflate.read(source, out);
                    self.crc.update(out.get(..n).unwrap_or_default());
                    if n > 0 || broken.is_some() {
                        return (n, broken);
                    }
                    if let Err(broken) = self.trailer(source) {
                        return (0, Some(broken));
                    }
                }
            }
        }
    }

    /// Checks the end of a member and looks for another.
    fn trailer(&mut self, source: &mut Source<'_>) -> Result<(), Broken> {
        let sum = u32::from_le_bytes(bytes(source)?);
        let size = u32::from_le_bytes(bytes(source)?);
        if sum != self.crc.sum() || size != self.crc.amount() {
            return Err(Broken::Data("is damaged: its checksum differs".to_owned()));
        }
        self.state = State::End;
        self.inflate.reset();
        self.crc.reset();
        loop {
            let rest = source.fill()?;
            match rest.first() {
                None => return Ok(()),
                Some(0) => {
                    let zeros = rest.iter().take_while(|byte| **byte == 0).count();
                    source.take(zeros);
                }
                Some(0x1f) => {
                    self.state = State::Header;
                    return Ok(());
                }
                Some(_) => return Err(Broken::Data("is followed by something else, which was not read".to_owned())),
            }
        }
    }
}

fn header(source: &mut Source<'_>) -> Result<(), Broken> {
    let [magic, gzip, method, flags, ..]: [u8; 10] = bytes(source)?;
    if [magic, gzip, method] != [0x1f, 0x8b, 8] || flags & RESERVED != 0 {
        return Err(Broken::Data("is damaged: a member begins with no gzip header".to_owned()));
    }
    if flags & EXTRA != 0 {
        for _ in 0..u16::from_le_bytes(bytes(source)?) {
            bytes::<1>(source)?;
        }
    }
    for flag in [NAME, COMMENT] {
        while flags & flag != 0 && bytes(source)? != [0] {}
    }
    if flags & HEADER_CRC != 0 {
        bytes::<2>(source)?;
    }
    Ok(())
}

fn bytes<const N: usize>(source: &mut Source<'_>) -> Result<[u8; N], Broken> {
    let mut out = [0; N];
    for byte in &mut out {
        let next: io::Result<Option<u8>> = source.byte();
        *byte = next?.ok_or_else(|| Broken::Data("ends too early: it was cut off".to_owned()))?;
    }
    Ok(out)
}
