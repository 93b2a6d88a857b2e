//! The list of runbooks and runs on a real pseudo-terminal: what is opened from it comes back to it.

use super::screens::{Screen, begun};
use super::support::{Home, eventually, log, of_kind, processes_of};

#[test]
fn a_run_that_is_left_or_over_comes_back_to_the_list() {
    let home = Home::new();
    let mut first = begun(&home);
    let run = home.the_run();
    first.press("D");
    assert_eq!(first.code(), 0);

    let mut list = Screen::open(&home, &[]);
    list.wait("1 run is not over");
    list.press("k");
    list.wait("enter go on with it");
    list.press("\r");
    list.wait("ticking");
    list.press("D");
    list.wait("goes on without this screen. Enter comes back to it.");
    // It stands on top, and is selected.
    list.wait("enter go on with it");
    list.press("\r");
    list.wait("ticking");
    home.write("go", "");
    list.wait("SEALED");
    list.wait("q go back");
    list.press("q");
    list.wait("is over: finished.");
    list.wait("enter watch");
    assert!(!list.seen().contains("is not over"), "{}", list.seen());
    // And so does what only shows.
    list.press("\r");
    list.wait("REPLAY");
    list.press("q");
    list.wait("enter watch");
    list.press("q");
    assert_eq!(list.code(), 0);
    assert_eq!(of_kind(&log(&run), "attempt-started").len(), 1, "it ran once");
    eventually("nothing is left", || processes_of(&run).is_empty());
}

#[test]
fn a_drill_that_is_begun_in_the_list_comes_back_to_it() {
    let home = Home::new();
    let mut list = Screen::open(&home, &[]);
    list.wait("d drill");
    list.press("d");
    list.wait("RTO");
    let run = home.the_run();
    list.press("D");
    list.wait("goes on without this screen");
    list.press("\r");
    list.wait("S stop");
    list.press("Senough\r");
    list.wait("SEALED");
    list.press("q");
    list.wait("is over: stopped.");
    list.press("q");
    assert_eq!(list.code(), 0);
    eventually("nothing is left", || processes_of(&run).is_empty());
}
