//! XML as AWS's protocols use it: a writer for answers, a small tree for requests.

use std::fmt::Display;

use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::Event;

/// How deep a request may nest; AWS's nest six deep.
const DEEPEST: usize = 32;

/// Writes an XML document.
pub(super) struct Xml(String);

impl Xml {
    /// Writes a document with the root `name` in the namespace `namespace`, filled by `fill`.
    pub(super) fn document(name: &str, namespace: &str, fill: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{namespace}\">"));
        fill(&mut xml);
        xml.tag("</", name);
        xml.0
    }

    /// Writes an element with text.
    pub(super) fn text(&mut self, name: &str, value: impl Display) -> &mut Self {
        let value = value.to_string();
        self.tag("<", name);
        self.0.push_str(&escape(value.as_str()));
        self.tag("</", name);
        self
    }

    /// Writes an element with text, if there is one.
    pub(super) fn maybe(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    /// Writes an element with elements.
    pub(super) fn nest(&mut self, name: &str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.tag("<", name);
        fill(self);
        self.tag("</", name);
        self
    }

    fn tag(&mut self, opening: &str, name: &str) {
        self.0.push_str(opening);
        self.0.push_str(name);
        self.0.push('>');
    }
}

/// Is one element of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name without prefix.
    pub(super) name: String,
    /// Its text, without the whitespace around it.
    pub(super) text: String,
    /// The elements in it.
    pub(super) children: Vec<Element>,
}

impl Element {
    /// Reads a document and returns its root.
    pub(super) fn parse(document: &[u8]) -> Result<Self, String> {
        let document = std::str::from_utf8(document).map_err(|_| "it is not UTF-8".to_owned())?;
        let mut reader = Reader::from_str(document);
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            let depth = open.len();
            match event {
                Event::Start(start) if depth <= DEEPEST => {
                    open.push(Self { name: start.local_name().as_ref().to_owned(), ..Self::default() });
                }
                Event::Start(_) => return Err("it nests too deep".to_owned()),
                Event::Empty(empty) => {
                    let child = Self { name: empty.local_name().as_ref().to_owned(), ..Self::default() };
                    open.last_mut().ok_or("it has no root")?.children.push(child);
                }
                Event::End(_) => {
                    let mut closed = open.pop().ok_or("it closes what is not open")?;
                    closed.text = String::from(closed.text.trim());
                    open.last_mut().ok_or("it closes what is not open")?.children.push(closed);
                }
                Event::Text(text) => open.last_mut().ok_or("it has no root")?.text.push_str(&text.xml10_content()),
                Event::CData(text) => open.last_mut().ok_or("it has no root")?.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                        Some(character) => character.to_string(),
                        None => resolve_predefined_entity(&reference.xml10_content())
                            .ok_or("it uses an unknown entity")?
                            .to_owned(),
                    };
                    open.last_mut().ok_or("it has no root")?.text.push_str(&resolved);
                }
                Event::DocType(_) => return Err("it has a document type".to_owned()),
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
        match (open.pop(), open.is_empty()) {
            (Some(mut document), true) => document.children.pop().ok_or_else(|| "it is empty".to_owned()),
            _ => Err("it ends in the middle".to_owned()),
        }
    }

    /// Finds the first element called `name`.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the text of the first element called `name`.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// Lists the elements called `name`.
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let written = Xml::document("Root", "urn:x", |xml| {
            xml.text("Name", "a<b>&\"c\"").nest("List", |xml| {
                xml.text("Item", 1).text("Item", 2).maybe("Item", None::<u8>);
            });
        });
        let root = Element::parse(written.as_bytes()).unwrap();
        assert_eq!((root.name.as_str(), root.text_of("Name")), ("Root", Some("a<b>&\"c\"")));
        let items: Vec<&str> = root.child("List").unwrap().all("Item").map(|item| item.text.as_str()).collect();
        assert_eq!(items, ["1", "2"]);
    }

    #[test]
    fn bad_documents_are_refused() {
        let deep = "<a>".repeat(100);
        for bad in ["", "<a>", "</a>", "<a></b>", "<!DOCTYPE a><a/>", "<a>&lol;</a>", deep.as_str()] {
            assert!(Element::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Element::parse(b"\xff<a/>").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_document_is_a_panic(text in "[<>/a&;#x!?\\[\\]\"' -]{0,60}", bytes: Vec<u8>) {
            drop(Element::parse(text.as_bytes()));
            drop(Element::parse(&bytes));
        }
    }
}
