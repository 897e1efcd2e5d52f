-- statement 0
-- 1: Int Constant(Int(3))
-- 2: Text Constant(Text("#A%"))
-- 3: Decimal Constant(Decimal(3))
-- 4: BigInt Constant(Int(2))
-- 5: BigInt Constant(Int(1))
-- 6: Float Constant(Float(2.0))
-- 7: Text Constant(Text("sent"))
-- 8: Boolean Constant(Boolean(true))
-- 9: Text Constant(Text("x"))
-- 10: Text Constant(Text("#"))
-- 11: Decimal Constant(Decimal(10))
-- columns: [Decimal, Int, Float, Text, Boolean, Date]
SELECT "t1"."formula:15", "t1"."formula:16", "t1"."formula:17", "t1"."formula:18", "t1"."formula:19", "t1"."formula:20"
FROM (SELECT "r2"."id" AS "id", fh_decimal_round(fh_decimal_divide(fh_decimal_multiply("r2"."price", CAST("r2"."quantity" AS text)), ?3), 2) AS "formula:15", fh_int(fh_int("r2"."quantity" * ?4) - ?5) AS "formula:16", (CASE WHEN ((((("r2"."status" = ?7) IS TRUE) IS NOT TRUE AND ("r2"."due" < fh_date("r2"."paid_at")) IS TRUE) OR "r2"."paid_at" IS NULL) = ?8 AND EXISTS(SELECT 1
FROM "line" AS "r3"
WHERE "r3"."order_id" = "r2"."id" AND "r3"."note" = ?9)) THEN fh_float(fh_float("r2"."weight") / NULLIF(?6, 0)) END) AS "formula:17", (CASE WHEN ((((("r2"."status" = ?7) IS TRUE) IS NOT TRUE AND ("r2"."due" < fh_date("r2"."paid_at")) IS TRUE) OR "r2"."paid_at" IS NULL) = ?8 AND EXISTS(SELECT 1
FROM "line" AS "r4"
WHERE "r4"."order_id" = "r2"."id" AND "r4"."note" = ?9)) THEN ?10 || fh_upper((CASE WHEN (length("r2"."customer") <= 100000) THEN "r2"."customer" END)) END) AS "formula:18", ((("r2"."status" = ?7) IS TRUE) IS NOT TRUE AND ("r2"."due" < fh_date("r2"."paid_at")) IS TRUE) OR "r2"."paid_at" IS NULL AS "formula:19", (CASE WHEN ((((("r2"."status" = ?7) IS TRUE) IS NOT TRUE AND ("r2"."due" < fh_date("r2"."paid_at")) IS TRUE) OR "r2"."paid_at" IS NULL) = ?8 AND EXISTS(SELECT 1
FROM "line" AS "r5"
WHERE "r5"."order_id" = "r2"."id" AND "r5"."note" = ?9)) THEN fh_add_days("r2"."due", fh_int(0 - "r2"."quantity")) END) AS "formula:20"
FROM "order" AS "r2"
WHERE (SELECT (fh_decimal_round(fh_decimal_divide(fh_decimal_multiply("r2"."price", CAST("r2"."quantity" AS text)), ?3), 2) COLLATE fh_decimal) > ?11)) AS "t1"
WHERE "t1"."formula:16" >= ?1 AND "t1"."formula:18" LIKE ?2 ESCAPE '\'
ORDER BY "t1"."formula:15" COLLATE fh_decimal DESC NULLS FIRST, "t1"."id" DESC LIMIT 2;

-- statement 1
-- 1: Int Constant(Int(3))
-- 2: Text Constant(Text("#A%"))
-- 3: Decimal Constant(Decimal(3))
-- 4: BigInt Constant(Int(2))
-- 5: BigInt Constant(Int(1))
-- 6: Text Constant(Text("#"))
-- 7: Text Constant(Text("sent"))
-- 8: Boolean Constant(Boolean(true))
-- 9: Text Constant(Text("x"))
-- 10: Decimal Constant(Decimal(10))
-- columns: [Decimal, Text]
SELECT fh_decimal_sum("t1"."formula:15"), MAX("t1"."formula:18")
FROM (SELECT fh_decimal_round(fh_decimal_divide(fh_decimal_multiply("r2"."price", CAST("r2"."quantity" AS text)), ?3), 2) AS "formula:15", fh_int(fh_int("r2"."quantity" * ?4) - ?5) AS "formula:16", (CASE WHEN ((((("r2"."status" = ?7) IS TRUE) IS NOT TRUE AND ("r2"."due" < fh_date("r2"."paid_at")) IS TRUE) OR "r2"."paid_at" IS NULL) = ?8 AND EXISTS(SELECT 1
FROM "line" AS "r3"
WHERE "r3"."order_id" = "r2"."id" AND "r3"."note" = ?9)) THEN ?6 || fh_upper((CASE WHEN (length("r2"."customer") <= 100000) THEN "r2"."customer" END)) END) AS "formula:18"
FROM "order" AS "r2"
WHERE (SELECT (fh_decimal_round(fh_decimal_divide(fh_decimal_multiply("r2"."price", CAST("r2"."quantity" AS text)), ?3), 2) COLLATE fh_decimal) > ?10)) AS "t1"
WHERE "t1"."formula:16" >= ?1 AND "t1"."formula:18" LIKE ?2 ESCAPE '\';

-- statement 2
-- 1: Text Constant(Text("X"))
-- 2: Decimal Constant(Decimal(3))
-- 3: Decimal Constant(Decimal(100))
-- 4: Decimal Constant(Decimal(10))
-- 5: Text Constant(Text("sent"))
-- 6: Boolean Constant(Boolean(true))
-- 7: Text Constant(Text("x"))
-- columns: [Uuid, Decimal]
SELECT "t2"."id", "t2"."formula:15"
FROM (SELECT "t1"."id" AS "o:0", "t1"."order_id" AS "order_id"
FROM (SELECT "r3"."id" AS "id", "r3"."order_id" AS "order_id", fh_upper("r3"."note") AS "formula:9"
FROM "line" AS "r3"
WHERE EXISTS(SELECT 1
FROM "order" AS "r4"
WHERE "r4"."id" = "r3"."order_id" AND (SELECT (fh_decimal_round(fh_decimal_divide(fh_decimal_multiply("r4"."price", CAST("r4"."quantity" AS text)), ?2), 2) COLLATE fh_decimal) < ?3)) LIMIT 9223372036854775807) AS "t1"
WHERE "t1"."formula:9" = ?1
ORDER BY "t1"."id" ASC LIMIT 30) AS "t1"
LEFT JOIN (SELECT "r5"."id" AS "id", (CASE WHEN ((SELECT (fh_decimal_round(fh_decimal_divide(fh_decimal_multiply("r5"."price", CAST("r5"."quantity" AS text)), ?2), 2) COLLATE fh_decimal) > ?4)) THEN fh_decimal_round(fh_decimal_divide(fh_decimal_multiply("r5"."price", CAST("r5"."quantity" AS text)), ?2), 2) END) AS "formula:15"
FROM "order" AS "r5"
WHERE (SELECT (fh_decimal_round(fh_decimal_divide(fh_decimal_multiply("r5"."price", CAST("r5"."quantity" AS text)), ?2), 2) COLLATE fh_decimal) > ?4) OR ((((("r5"."status" = ?5) IS TRUE) IS NOT TRUE AND ("r5"."due" < fh_date("r5"."paid_at")) IS TRUE) OR "r5"."paid_at" IS NULL) = ?6 AND EXISTS(SELECT 1
FROM "line" AS "r6"
WHERE "r6"."order_id" = "r5"."id" AND "r6"."note" = ?7))) AS "t2" ON "t2"."id" = "t1"."order_id"
ORDER BY "t1"."o:0" ASC;

