-- A made-up clinic. Nobody in it is real.
CREATE TABLE patients (
  id integer PRIMARY KEY, name text NOT NULL, birth_date date, mrn text, phone text, notes text
);
INSERT INTO patients VALUES
  (1, 'Marta Kowalczyk', '1961-03-14', '4839201', '617-555-0142', 'Pt. Marta Kowalczyk seen on 3/14/2024, SSN 219-09-9999.'),
  (2, 'Tobias Lindqvist', '1934-11-02', '4839202', '617-555-0178', 'Daughter Anna Lindqvist called from 617-555-0101.'),
  (3, 'Imani Okafor', '1988-07-29', '4839203', '617-555-0119', 'Follow-up at 12 Elm Street, Springfield 01103.');
