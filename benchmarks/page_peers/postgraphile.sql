-- What PostGraphile needs to answer as the others do: references to places, and four columns that are computed.
COMMENT ON TABLE shipment IS
  E'@foreignKey (origin) references place (code)|@fieldName originPlace\n@foreignKey (destination) references place (code)|@fieldName destinationPlace';
COMMENT ON TABLE equipment IS E'@behavior +list';
COMMENT ON TABLE shipment_tracking IS E'@foreignKey (status_place) references place (code)|@fieldName spot';
COMMENT ON TABLE tracking_event IS E'@foreignKey (place) references place (code)|@fieldName spot';

CREATE OR REPLACE FUNCTION shipment_hops(s shipment) RETURNS SETOF place LANGUAGE sql STABLE AS $$
  SELECT place.* FROM unnest(s.transhipments) WITH ORDINALITY hop (code, n)
  JOIN place ON place.code = hop.code ORDER BY hop.n
$$;
COMMENT ON FUNCTION shipment_hops(shipment) IS E'@behavior -connection +list';

CREATE OR REPLACE FUNCTION tracking_event_certainty(e tracking_event) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE e.classifier WHEN 'ACT' THEN 'ACTUAL' WHEN 'EST' THEN 'ESTIMATED' ELSE 'PLANNED' END
$$;

CREATE OR REPLACE FUNCTION shipment_tracking_description(t shipment_tracking) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT {description}
$$;
