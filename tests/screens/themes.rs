//! Themes on the screen: the ground that they paint, and what is said where one is wrong.

use crate::support::Screen;
use lifeboat::engine::Mode;
use lifeboat::settings::theme::{BUILT_IN, Depth, Own, Role, built_in, load};
use ratatui::style::Color;

#[test]
fn a_theme_with_a_ground_of_its_own_covers_the_whole_screen() {
    for (name, _) in BUILT_IN {
        let theme = built_in(name).unwrap();
        let paints = theme.look(Role::Text).bg.is_some();
        assert_eq!(paints, !matches!(name, "default" | "mono"), "{name}");
        for script in ["?", "^c", "n"] {
            let screen = Screen::new(80, 24, &theme).opened(Mode::Drill).onset().keys(script);
            let bare = screen.buffer().content.iter().any(|cell| cell.bg == Color::Reset || cell.fg == Color::Reset);
            assert_eq!(bare, !paints, "{name} {script}");
        }
    }
}

#[test]
fn a_terminal_without_colours_gets_none() {
    let theme = built_in("light").unwrap().reduced(Depth::None);
    let screen = Screen::new(80, 24, &theme).opened(Mode::Real).onset();
    assert!(screen.buffer().content.iter().all(|cell| cell.bg == Color::Reset && cell.fg == Color::Reset));
}

#[test]
fn what_is_wrong_with_a_theme_stands_on_the_screen_until_a_key_is_pressed() {
    let own = Own {
        name: "mine".to_owned(),
        path: "themes/mine.toml".to_owned(),
        text: "[roles.wran]\nfg = 'red'\n".to_owned(),
    };
    let screen = Screen::new(80, 24, &load("mine", &[own])).opened(Mode::Drill).onset();
    let said = "Theme mine: there is no role `wran` (themes/mine.toml:1:8).";
    assert!(screen.text().contains(said), "{}", screen.text());
    assert!(!screen.keys("tab").text().contains(said));
    let screen = Screen::new(80, 24, &load("lihgt", &[])).opened(Mode::Drill).onset();
    let said = "Theme lihgt: no theme is called `lihgt`; this is `default`.";
    assert!(screen.text().contains(said), "{}", screen.text());
}
