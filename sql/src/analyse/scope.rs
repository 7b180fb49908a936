//! What names mean at a place in a query.

use std::rc::Rc;

use crate::facts::Rows;
use crate::origin::Origin;

/// The columns of something that can stand in `FROM`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Columns {
    pub(crate) named: Vec<Named>,
    /// Further columns, whose names are not known.
    pub(crate) rest: Option<Rest>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Named {
    /// `None` where the server gives a name that was not worked out.
    pub(crate) name: Option<String>,
    pub(crate) origin: Origin,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rest {
    pub(crate) origin: Origin,
    /// The table whose columns they are, so that what is asked for can be noted by name.
    pub(crate) table: Option<usize>,
}

/// One thing in `FROM` that columns can be asked of.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) alias: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) columns: Columns,
    /// Whether its columns are found without its name.
    pub(crate) bare: bool,
    /// Columns that a join made of two by `USING`: they come first.
    pub(crate) merged: bool,
}

/// A query by name.
#[derive(Clone, Debug)]
pub(crate) struct Cte {
    pub(crate) name: String,
    pub(crate) query: Query,
}

/// What is known of a query's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Query {
    pub(crate) columns: Columns,
    pub(crate) rows: Rows,
    /// Rows that were put into one value: no limit further out bounds them.
    pub(crate) collected: Rows,
}

/// The names of one level of a query, within those of the levels around it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope<'p> {
    pub(crate) parent: Option<&'p Self>,
    pub(crate) items: Vec<Item>,
    /// What `*` stands for.
    pub(crate) stars: Vec<Columns>,
    pub(crate) ctes: Vec<Rc<Cte>>,
}

impl Columns {
    /// The origin of each column, those without a name as one.
    pub(crate) fn each(&self) -> impl Iterator<Item = &Origin> {
        self.named.iter().map(|column| &column.origin).chain(self.rest.iter().map(|rest| &rest.origin))
    }

    pub(crate) fn all(&self) -> Origin {
        let mut all = Origin::constant();
        for column in &self.named {
            all.add(&column.origin);
        }
        if let Some(rest) = &self.rest {
            all.add(&rest.origin);
        }
        all
    }

    /// What a column of that name may be; `None` when there is surely none.
    pub(crate) fn by_name(&self, name: &str) -> Option<Origin> {
        let mut found: Option<Origin> = None;
        for column in self.named.iter().filter(|column| column.name.as_deref() == Some(name)) {
            found.get_or_insert_default().add(&column.origin);
        }
        if found.is_some() {
            return found;
        }
        for column in self.named.iter().filter(|column| column.name.is_none()) {
            found.get_or_insert_default().add(&column.origin);
        }
        found
    }

    pub(crate) fn renamed(mut self, names: &[String]) -> Self {
        for (at, name) in names.iter().enumerate() {
            match self.named.get_mut(at) {
                Some(column) => column.name = Some(name.clone()),
                None => {
                    if let Some(rest) = &self.rest {
                        self.named.push(Named { name: Some(name.clone()), origin: rest.origin.clone() });
                    }
                }
            }
        }
        self
    }
}

impl<'p> Scope<'p> {
    pub(crate) fn within(parent: Option<&'p Self>) -> Self {
        Self { parent, ..Self::default() }
    }

    pub(crate) fn levels(&self) -> impl Iterator<Item = &Scope<'p>> {
        std::iter::successors(Some(self), |level| level.parent)
    }

    pub(crate) fn cte(&self, name: &str) -> Option<&Rc<Cte>> {
        self.levels().find_map(|level| level.ctes.iter().rev().find(|cte| cte.name == name))
    }

    pub(crate) fn item(&self, schema: Option<&str>, alias: &str) -> Option<&Item> {
        let means = |item: &&Item| {
            item.alias.as_deref() == Some(alias) && schema.is_none_or(|schema| item.schema.as_deref() == Some(schema))
        };
        self.levels().find_map(|level| level.items.iter().find(means))
    }

    /// Whether a column reference is to this level, not to one further out.
    pub(crate) fn is_local(&self, fields: &[&str]) -> bool {
        match fields {
            [.., alias, _] => self.items.iter().any(|item| item.alias.as_deref() == Some(alias)),
            [name] => self.items.iter().any(|item| {
                item.columns.by_name(name).is_some()
                    || item.columns.rest.is_some()
                    || item.alias.as_deref() == Some(name)
            }),
            [] => false,
        }
    }
}
