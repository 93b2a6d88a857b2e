//! Casts and pictures.

use super::*;

/// Plays a cast on a terminal: what is seen at its end, the markers, and how long it took.
fn watched(lines: &str, cast: Cast) -> (String, Vec<String>, f64) {
    let mut lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let header = lines.next().unwrap();
    let size = match cast {
        Cast::V2 => (header["version"] == 2).then(|| (header["height"].as_u64(), header["width"].as_u64())),
        Cast::V3 => {
            (header["version"] == 3).then(|| (header["term"]["rows"].as_u64(), header["term"]["cols"].as_u64()))
        }
    };
    assert_eq!(size, Some((Some(24), Some(90))), "{header}");
    assert!(header["timestamp"].is_i64() && header["title"].is_string());
    let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 90.try_into().unwrap(), 0);
    let (mut markers, mut at, mut last) = (Vec::new(), 0.0_f64, String::new());
    for event in lines {
        let [time, code, data] = event.as_array().unwrap().as_slice() else { panic!("{event}") };
        let time = time.as_f64().unwrap();
        match cast {
            Cast::V2 => assert!(time >= at, "times go on: {event}"),
            Cast::V3 => assert!(time >= 0.0, "{event}"),
        }
        at = if cast == Cast::V2 { time } else { at + time };
        code.as_str().unwrap().clone_into(&mut last);
        match last.as_str() {
            "o" => terminal.process(data.as_str().unwrap().as_bytes()),
            "m" => {
                let seen = terminal.screen().contents();
                assert!(seen.contains("REPLAY"), "who pauses at a marker sees what it leads to: {data}, {seen}");
                markers.push(data.as_str().unwrap().to_owned());
            }
            "x" => assert_eq!(data, "0"),
            other => panic!("no code of the format: {other}"),
        }
    }
    assert_eq!(last == "x", cast == Cast::V3, "the last event");
    (terminal.screen().contents(), markers, at)
}

#[test]
fn a_cast_plays_the_frames_with_its_steps_as_markers_and_ends_in_the_last_frame() {
    let folder = drill();
    let theme = built_in("default").unwrap();
    let film = |cast, speed, idle| {
        let filming = Filming { size: (90, 24), speed, idle, theme: &theme };
        let mut lines = Vec::new();
        let verified = Verified { worth: crate::ui::Worth::Sound, words: "SEALED".to_owned(), disclosed: Vec::new() };
        crate::replay::cast(recording(folder.path()).unwrap(), &filming, cast, Some(verified), &mut lines).unwrap();
        watched(&String::from_utf8(lines).unwrap(), cast)
    };
    let (last, markers, long) = film(Cast::V2, 1, None);
    let (last3, markers3, short) = film(Cast::V3, 8, Some(Duration::from_secs(1)));
    assert!(last.contains("REPLAY") && last.contains("log SEALED") && last.contains("RTO   MET"), "{last}");
    let body = |frame: &str| frame.lines().take(20).collect::<Vec<_>>().join("\n");
    assert_eq!(body(&last), body(&last3));
    assert_eq!((markers.len(), &markers), (19, &markers3));
    assert_eq!(markers.first().map(String::as_str), Some("1 Look from outside"));
    assert!((25.0..30.0).contains(&long) && short < 8.0, "{long} {short}");
}

#[test]
fn a_picture_shows_the_frame_of_its_place() {
    let folder = drill();
    let theme = built_in("light").unwrap();
    let filming = Filming { size: (100, 30), speed: 1, idle: None, theme: &theme };
    let svg = |spot| crate::replay::svg(recording(folder.path()).unwrap(), &filming, None, spot).unwrap();
    assert!(svg(Spot::Ending).contains("Summary") && !svg(Spot::Beginning).contains("Summary"));
    assert!(svg(Spot::Beginning).contains("Look from outside"));
}
