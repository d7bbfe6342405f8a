//! Line charts with two logarithmic axes as SVG. They have their own background, so they are
//! readable on light and dark pages.

use std::fmt::{self, Display, Formatter};

pub struct Plot {
    pub title: &'static str,
    pub across: Axis,
    pub up: Axis,
    pub series: Vec<Series>,
}

pub struct Axis {
    pub name: &'static str,
    /// Positions and labels of the ticks, in ascending order. The axis ends at the nearest ticks
    /// that enclose all figures.
    pub ticks: &'static [(f64, &'static str)],
}

pub struct Series {
    pub name: &'static str,
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = WIDTH - 52.0;
const TOP: f64 = 88.0;
const BOTTOM: f64 = HEIGHT - 64.0;

/// Colours that are distinguishable with colour blindness, and dashes for readers who see no
/// colours.
const STYLES: [(&str, &str); 3] = [("#0b62a4", "none"), ("#b8480a", "7 4"), ("#3d7a34", "2 4")];

const STYLE: &str = "text { font: 13px system-ui, sans-serif; fill: #24292f } \
    .title { font-size: 16px; font-weight: 600 } .grid { stroke: #d8dee4 }";

impl Display for Plot {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">"
        )?;
        writeln!(f, "<title>{}</title>\n<style>{STYLE}</style>", self.title)?;
        writeln!(f, "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\" fill=\"#ffffff\"/>")?;
        text(f, (LEFT, 28.0), "start", "title", self.title)?;
        let (across, up) = self.scales();
        self.grid(f, &across, &up)?;
        for (number, series) in self.series.iter().enumerate() {
            series.draw(f, number, &across, &up)?;
        }
        writeln!(f, "</svg>")
    }
}

impl Plot {
    fn scales(&self) -> (Scale, Scale) {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let across = Scale::new(self.across.ticks, points().map(|point| point.0), LEFT, RIGHT);
        let up = Scale::new(self.up.ticks, points().map(|point| point.1), BOTTOM, TOP);
        (across, up)
    }

    fn grid(&self, f: &mut Formatter<'_>, across: &Scale, up: &Scale) -> fmt::Result {
        for (x, name) in across.marks(self.across.ticks) {
            line(f, (x, TOP), (x, BOTTOM))?;
            text(f, (x, BOTTOM + 20.0), "middle", "", name)?;
        }
        for (y, name) in up.marks(self.up.ticks) {
            line(f, (LEFT, y), (RIGHT, y))?;
            text(f, (LEFT - 8.0, y + 4.0), "end", "", name)?;
        }
        text(f, (LEFT.midpoint(RIGHT), HEIGHT - 14.0), "middle", "", self.across.name)?;
        text(f, (8.0, TOP - 14.0), "start", "", self.up.name)
    }
}

impl Series {
    fn draw(
        &self,
        f: &mut Formatter<'_>,
        number: usize,
        across: &Scale,
        up: &Scale,
    ) -> fmt::Result {
        let (colour, dashes) = STYLES[number % STYLES.len()];
        let pen = format!("stroke=\"{colour}\" stroke-width=\"2.5\" stroke-dasharray=\"{dashes}\"");
        write!(f, "<polyline fill=\"none\" {pen} points=\"")?;
        for (x, y) in &self.points {
            write!(f, "{:.1},{:.1} ", across.place(*x), up.place(*y))?;
        }
        writeln!(f, "\"/>")?;
        for (x, y) in &self.points {
            let (x, y) = (across.place(*x), up.place(*y));
            writeln!(f, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>")?;
        }
        let x = LEFT + 40.0 + 210.0 * number as f64;
        writeln!(f, "<path d=\"M{} 52h30\" {pen}/>", x - 40.0)?;
        text(f, (x - 4.0, 56.0), "start", "", self.name)
    }
}

/// Maps a figure to its position by its logarithm.
struct Scale {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Creates a scale from the last tick at or below all figures to the first tick at or above all
    /// figures.
    fn new(
        ticks: &[(f64, &str)],
        figures: impl Iterator<Item = f64> + Clone,
        from: f64,
        to: f64,
    ) -> Scale {
        let (low, high) =
            (figures.clone().fold(f64::INFINITY, f64::min), figures.fold(0.0, f64::max));
        let least = ticks.iter().map(|tick| tick.0).filter(|at| *at <= low).fold(1.0, f64::max);
        let most = ticks.iter().map(|tick| tick.0).filter(|at| *at >= high).fold(1e9, f64::min);
        Scale { least, most, from, to }
    }

    fn place(&self, figure: f64) -> f64 {
        let part = (figure / self.least).ln() / (self.most / self.least).ln();
        self.from + part * (self.to - self.from)
    }

    fn marks<'a>(&self, ticks: &'a [(f64, &'a str)]) -> impl Iterator<Item = (f64, &'a str)> {
        let within = |tick: &&(f64, &str)| tick.0 >= self.least && tick.0 <= self.most;
        ticks.iter().filter(within).map(|(at, name)| (self.place(*at), *name))
    }
}

fn line(f: &mut Formatter<'_>, from: (f64, f64), to: (f64, f64)) -> fmt::Result {
    let ((x1, y1), (x2, y2)) = (from, to);
    writeln!(f, "<path class=\"grid\" d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\"/>")
}

fn text(
    f: &mut Formatter<'_>,
    at: (f64, f64),
    anchor: &str,
    class: &str,
    text: &str,
) -> fmt::Result {
    let (x, y) = at;
    writeln!(
        f,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>"
    )
}
