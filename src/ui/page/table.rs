//! Tables: columns where they fit, else a row as lines of their own.

use std::ops::Range;

use unicode_width::UnicodeWidthStr as _;

use super::flow::Wrap;
use super::read::Maker;
use crate::settings::theme::Role;

/// Gathers a table's cells while it is read.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Rows of cells, the head first; each cell is a stretch of the page's text.
    pub(super) rows: Vec<Vec<Range<usize>>>,
}

/// Lays a table out at the end of the page.
pub(super) fn lay_out(maker: &mut Maker<'_>, table: &Table) {
    let width = |maker: &Maker<'_>, cell: &Range<usize>| maker.page.text.get(cell.clone()).map_or(0, str::width);
    let count = table.rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..count)
        .map(|at| table.rows.iter().filter_map(|row| row.get(at)).map(|cell| width(maker, cell)).max().unwrap_or(0))
        .collect();
    let between = maker.glyph(" │ ", " | ");
    let whole = widths.iter().sum::<usize>() + 3 * count.saturating_sub(1);
    if whole > maker.room() {
        return stacked(maker, table);
    }
    for (number, row) in table.rows.iter().enumerate() {
        let start = maker.page.text.len();
        for (at, wide) in widths.iter().enumerate() {
            if at > 0 {
                maker.push(between, Role::Border);
            }
            let cell = row.get(at).cloned().unwrap_or_default();
            maker.copy(cell.clone());
            if at + 1 < count {
                let gap = wide.saturating_sub(width(maker, &cell));
                maker.push(&" ".repeat(gap), Role::Text);
            }
        }
        maker.block(start, Wrap::Columns);
        if number == 0 {
            let start = maker.page.text.len();
            let (line, cross) = (maker.glyph("─", "-"), maker.glyph("─┼─", "-+-"));
            let rule = widths.iter().map(|wide| line.repeat(*wide)).collect::<Vec<_>>().join(cross);
            maker.push(&rule, Role::Border);
            maker.block(start, Wrap::Columns);
        }
    }
}

/// Puts each row below its heads: nothing is cut where the columns do not fit.
fn stacked(maker: &mut Maker<'_>, table: &Table) {
    let Some((head, rows)) = table.rows.split_first() else { return };
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let start = maker.page.text.len();
            maker.push(if at == 0 { maker.glyph("• ", "- ") } else { "  " }, Role::Dim);
            if let Some(head) = head.get(at) {
                maker.copy(head.clone());
                maker.push(": ", Role::Dim);
            }
            maker.copy(cell.clone());
            maker.block(start, Wrap::Words);
        }
    }
}
