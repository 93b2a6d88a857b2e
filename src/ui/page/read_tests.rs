//! What becomes of a step's text: rows, roles, what is left out, and that any text is laid out.

use super::*;
use crate::settings::theme::built_in;
use crate::ui::style::Palette;
use proptest::prelude::*;

const NONE: Above<'_> = Above { items: &[], ways: Ways::Here };

const TEXT: &str = "\
# Promote

Promotion makes **${DB}** the *primary*, see [the guide](https://example.com/guide) and
[below](#below). Run `aws ${DB}` first.\\
A hard break.

1. First, which is long enough to go on on a second row
2. Second
   - nested

   ```sh
   psql -c 'select ${DB}' --a-long-option-that-does-not-fit
   ```

> Quoted words that go on
> for a while
>
> and again

> [!NOTE]
> Worth knowing.

> [!CAUTION]
> Said above.

- [ ] Listed item
- [ ] Unlisted item
- [x] Ticked item

| Name | What it is |
|------|------------|
| a    | **first**  |
| b    |            |

<!-- unseen --> seen<br>next

---

Evil \u{1b}[2J\u{202e} ${GONE}
";

fn shown(part: Part<'_>, columns: usize, glyphs: Glyphs) -> String {
    let value = |name: &str| (name == "DB").then(|| "shop_db".to_owned());
    let page = Reading { columns, glyphs, part, value: &value }.read(TEXT);
    let palette = Palette::new(&built_in("default").unwrap());
    let line = |line: ratatui::text::Line<'_>| {
        let spans: Vec<String> = line
            .spans
            .iter()
            .map(|span| match palette.role(span.style) {
                Some(Role::Text) | None => span.content.to_string(),
                Some(role) => format!("<{}:{}>", role.word(), span.content),
            })
            .collect();
        spans.concat().trim_end().to_owned()
    };
    page.lines(&palette, 0, usize::MAX).into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn markdown_as_it_is_laid_out() {
    insta::assert_snapshot!("whole", shown(Part::Whole, 48, Glyphs::Unicode));
    let items = [CheckItem { text: "Listed item".to_owned(), line: 1 }];
    let above = Above { items: &items, ways: Ways::Here };
    insta::assert_snapshot!("step", shown(Part::Step(above), 48, Glyphs::Ascii));
    insta::assert_snapshot!("narrow", shown(Part::Step(above), 14, Glyphs::Unicode));
    assert_eq!(shown(Part::Prose(above), 48, Glyphs::Unicode), "", "a section is about what comes after the step");
}

#[test]
fn ways_of_a_decision_are_said_above() {
    let text = "Which?\n\n- [It is gone](#gone): leave\n- see [that](#that)\n";
    let palette = Palette::new(&built_in("default").unwrap());
    let rows = |ways| {
        let part = Part::Step(Above { items: &[], ways });
        let page = Reading { columns: 40, glyphs: Glyphs::Unicode, part, value: &|_| None }.read(text);
        page.lines(&palette, 0, 99).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(rows(Ways::Above), ["Which?", "", "• see that"]);
    assert_eq!(rows(Ways::Here), ["Which?", "", "• It is gone: leave", "• see that"]);
}

#[test]
fn a_message_is_broken_between_words() {
    let text = "Say it:\n\n```message { to=bridge }\nThe shop is closed for now.\nNews follow.\n```\n";
    let reading = Reading { columns: 17, glyphs: Glyphs::Unicode, part: Part::Step(NONE), value: &|_| None };
    let palette = Palette::new(&built_in("default").unwrap());
    let lines: Vec<_> = reading.read(text).lines(&palette, 0, 99).iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["Say it:", "", "  The shop is", "  closed for now.", "  News follow."]);
}

#[test]
fn the_prose_of_a_step_is_what_stands_before_its_sections() {
    let text = "Why.\n\n```sh\nrm -rf x\n```\n\n> [!WARNING]\n> Said above.\n\nAnd how.\n\n#### Verify\n\nLook.\n";
    let reading = Reading { columns: 40, glyphs: Glyphs::Unicode, part: Part::Prose(NONE), value: &|_| None };
    let palette = Palette::new(&built_in("default").unwrap());
    let lines = reading.read(text).lines(&palette, 0, 99);
    assert_eq!(lines.iter().map(ToString::to_string).collect::<Vec<_>>(), ["Why.", "", "And how."]);
}

proptest! {
    #[test]
    fn no_text_panics_or_grows_too_wide(text in "([ -~\n]|[*_`>#|\\-\\[\\]]){0,300}", columns in 8_usize..60) {
        let reading = Reading { columns, glyphs: Glyphs::Unicode, part: Part::Step(NONE), value: &|_| None };
        let page = reading.read(&text);
        let palette = Palette::new(&built_in("default").unwrap());
        let lines = page.lines(&palette, 0, usize::MAX);
        prop_assert_eq!(lines.len(), page.rows());
    }
}
