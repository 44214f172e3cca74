//! Server-sent events out of the bytes of a stream, as far as this program needs them. Pure.

use anyhow::bail;

/// Most bytes of one event.
const EVENT_MAX: usize = 32 << 20;

/// One event, or a sign of life when it has no data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Where the stream goes on after it.
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) data: String,
}

/// Bytes that are no whole event yet.
#[derive(Debug, Default)]
pub(super) struct Feed {
    bytes: Vec<u8>,
    /// Up to where no event ends.
    searched: usize,
}

impl Feed {
    /// The events that are complete with these bytes.
    ///
    /// # Errors
    /// When one event is larger than the limit.
    pub(super) fn push(&mut self, bytes: &[u8]) -> anyhow::Result<Vec<Event>> {
        self.bytes.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut start = 0;
        while let Some(end) = end_of(&self.bytes, start.max(self.searched)) {
            events.push(event(&String::from_utf8_lossy(&self.bytes[start..end])));
            start = end;
        }
        self.bytes.drain(..start);
        self.searched = self.bytes.len().saturating_sub(1);
        if self.bytes.len() > EVENT_MAX {
            bail!("the server sends an event of more than {EVENT_MAX} bytes");
        }
        Ok(events)
    }
}

/// Where the first event that ends after `from` does.
fn end_of(bytes: &[u8], from: usize) -> Option<usize> {
    bytes[from..].windows(2).position(|two| two == b"\n\n").map(|place| from + place + 2)
}

fn event(block: &str) -> Event {
    let mut event = Event::default();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut event.name),
            "data" if event.data.is_empty() => value.clone_into(&mut event.data),
            "data" => event.data = format!("{}\n{value}", event.data),
            _ => {}
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, name: &str, data: &str) -> Event {
        Event { id: Some(id.to_owned()), name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text =
            "id: 1+2\nevent: delivery\ndata: {\"a\":1}\n\n: still there\nid: 9\n\ndata: x\ndata:y\nid:3\n\n";
        let expect = [event("1+2", "delivery", "{\"a\":1}"), event("9", "", ""), event("3", "", "x\ny")];
        for size in [1, 2, 7, text.len()] {
            let mut feed = Feed::default();
            let events: Vec<_> =
                text.as_bytes().chunks(size).flat_map(|part| feed.push(part).unwrap()).collect();
            assert_eq!(events, expect, "{size}");
        }
    }

    #[test]
    fn an_event_without_end_is_refused() {
        assert!(Feed::default().push(&vec![b'x'; EVENT_MAX + 1]).is_err());
    }
}
