//! Where people live: streets, boxes, cities, counties, coordinates. States and countries alone tell too little.

mod city;
mod geo;
mod glance;
mod street;
#[cfg(test)]
mod tests;

pub use self::city::PLACE;
pub use self::geo::GEO;
pub use self::street::STREET;
