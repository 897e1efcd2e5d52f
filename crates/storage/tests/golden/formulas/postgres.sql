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
SELECT CAST("t1"."formula:15" AS text), "t1"."formula:16", "t1"."formula:17", "t1"."formula:18", "t1"."formula:19", "t1"."formula:20"
FROM (SELECT "r2"."id" AS "id", NULLIF(NULLIF(GREATEST(LEAST(round(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round(div(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round("r2"."price" * CAST("r2"."quantity" AS numeric), 12)), 1e16), -1e16), 1e16), -1e16) * 1e13, NULLIF($3, 0)) * 1e-13, 12)), 1e16), -1e16), 1e16), -1e16), 2), 1e16), -1e16), 1e16), -1e16) AS "formula:15", CAST(NULLIF(NULLIF(GREATEST(LEAST(NULLIF(NULLIF(GREATEST(LEAST(CAST("r2"."quantity" AS bigint) * $4, 2147483648), -2147483649), 2147483648), -2147483649) - $5, 2147483648), -2147483649), 2147483648), -2147483649) AS integer) AS "formula:16", (CASE WHEN (((((("r2"."status" COLLATE "C") = $7) IS TRUE) IS NOT TRUE AND ("r2"."due" < CAST(timezone('UTC', "r2"."paid_at") AS date)) IS TRUE) OR "r2"."paid_at" IS NULL) = $8 AND EXISTS(SELECT 1
FROM "line" AS "r3"
WHERE "r3"."order_id" = "r2"."id" AND "r3"."note" = $9)) THEN (SELECT (CASE WHEN (abs("f"."v") >= 1e150) THEN NULL WHEN (abs("f"."v") < 1e-150) THEN 0 ELSE "f"."v" END)
FROM (SELECT (SELECT (CASE WHEN (abs("f"."v") >= 1e150) THEN NULL WHEN (abs("f"."v") < 1e-150) THEN 0 ELSE "f"."v" END)
FROM (SELECT "r2"."weight" AS "v" OFFSET 0) AS "f") / NULLIF($6, 0) AS "v" OFFSET 0) AS "f") END) AS "formula:17", (CASE WHEN (((((("r2"."status" COLLATE "C") = $7) IS TRUE) IS NOT TRUE AND ("r2"."due" < CAST(timezone('UTC', "r2"."paid_at") AS date)) IS TRUE) OR "r2"."paid_at" IS NULL) = $8 AND EXISTS(SELECT 1
FROM "line" AS "r4"
WHERE "r4"."order_id" = "r2"."id" AND "r4"."note" = $9)) THEN ($10 || (upper((CASE WHEN (char_length("r2"."customer") <= 100000) THEN "r2"."customer" END) COLLATE "und-x-icu") COLLATE "C")) COLLATE "C" END) AS "formula:18", (((("r2"."status" COLLATE "C") = $7) IS TRUE) IS NOT TRUE AND ("r2"."due" < CAST(timezone('UTC', "r2"."paid_at") AS date)) IS TRUE) OR "r2"."paid_at" IS NULL AS "formula:19", (CASE WHEN (((((("r2"."status" COLLATE "C") = $7) IS TRUE) IS NOT TRUE AND ("r2"."due" < CAST(timezone('UTC', "r2"."paid_at") AS date)) IS TRUE) OR "r2"."paid_at" IS NULL) = $8 AND EXISTS(SELECT 1
FROM "line" AS "r5"
WHERE "r5"."order_id" = "r2"."id" AND "r5"."note" = $9)) THEN DATE '1970-01-01' + CAST(NULLIF(NULLIF(GREATEST(LEAST(("r2"."due" - DATE '1970-01-01') + NULLIF(NULLIF(GREATEST(LEAST(0 - CAST("r2"."quantity" AS bigint), 2147483648), -2147483649), 2147483648), -2147483649), 2932897), -719163), 2932897), -719163) AS integer) END) AS "formula:20"
FROM "order" AS "r2"
WHERE NULLIF(NULLIF(GREATEST(LEAST(round(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round(div(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round("r2"."price" * CAST("r2"."quantity" AS numeric), 12)), 1e16), -1e16), 1e16), -1e16) * 1e13, NULLIF($3, 0)) * 1e-13, 12)), 1e16), -1e16), 1e16), -1e16), 2), 1e16), -1e16), 1e16), -1e16) > $11) AS "t1"
WHERE "t1"."formula:16" >= $1 AND "t1"."formula:18" LIKE $2
ORDER BY "t1"."formula:15" DESC NULLS FIRST, "t1"."id" DESC LIMIT 2;

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
SELECT CAST((CASE WHEN (ABS(SUM("t1"."formula:15")) <= 79228162514264337593543950335) THEN SUM("t1"."formula:15") END) AS text), MAX("t1"."formula:18")
FROM (SELECT NULLIF(NULLIF(GREATEST(LEAST(round(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round(div(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round("r2"."price" * CAST("r2"."quantity" AS numeric), 12)), 1e16), -1e16), 1e16), -1e16) * 1e13, NULLIF($3, 0)) * 1e-13, 12)), 1e16), -1e16), 1e16), -1e16), 2), 1e16), -1e16), 1e16), -1e16) AS "formula:15", CAST(NULLIF(NULLIF(GREATEST(LEAST(NULLIF(NULLIF(GREATEST(LEAST(CAST("r2"."quantity" AS bigint) * $4, 2147483648), -2147483649), 2147483648), -2147483649) - $5, 2147483648), -2147483649), 2147483648), -2147483649) AS integer) AS "formula:16", (CASE WHEN (((((("r2"."status" COLLATE "C") = $7) IS TRUE) IS NOT TRUE AND ("r2"."due" < CAST(timezone('UTC', "r2"."paid_at") AS date)) IS TRUE) OR "r2"."paid_at" IS NULL) = $8 AND EXISTS(SELECT 1
FROM "line" AS "r3"
WHERE "r3"."order_id" = "r2"."id" AND "r3"."note" = $9)) THEN ($6 || (upper((CASE WHEN (char_length("r2"."customer") <= 100000) THEN "r2"."customer" END) COLLATE "und-x-icu") COLLATE "C")) COLLATE "C" END) AS "formula:18"
FROM "order" AS "r2"
WHERE NULLIF(NULLIF(GREATEST(LEAST(round(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round(div(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round("r2"."price" * CAST("r2"."quantity" AS numeric), 12)), 1e16), -1e16), 1e16), -1e16) * 1e13, NULLIF($3, 0)) * 1e-13, 12)), 1e16), -1e16), 1e16), -1e16), 2), 1e16), -1e16), 1e16), -1e16) > $10) AS "t1"
WHERE "t1"."formula:16" >= $1 AND "t1"."formula:18" LIKE $2;

-- statement 2
-- 1: Text Constant(Text("X"))
-- 2: Decimal Constant(Decimal(3))
-- 3: Decimal Constant(Decimal(100))
-- 4: Decimal Constant(Decimal(10))
-- 5: Text Constant(Text("sent"))
-- 6: Boolean Constant(Boolean(true))
-- 7: Text Constant(Text("x"))
-- columns: [Uuid, Decimal]
SELECT "t2"."id", CAST("t2"."formula:15" AS text)
FROM (SELECT "t1"."id" AS "o:0", "t1"."order_id" AS "order_id"
FROM (SELECT "r3"."id" AS "id", "r3"."order_id" AS "order_id", (upper("r3"."note" COLLATE "und-x-icu") COLLATE "C") COLLATE "C" AS "formula:9"
FROM "line" AS "r3"
WHERE EXISTS(SELECT 1
FROM "order" AS "r4"
WHERE "r4"."id" = "r3"."order_id" AND NULLIF(NULLIF(GREATEST(LEAST(round(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round(div(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round("r4"."price" * CAST("r4"."quantity" AS numeric), 12)), 1e16), -1e16), 1e16), -1e16) * 1e13, NULLIF($2, 0)) * 1e-13, 12)), 1e16), -1e16), 1e16), -1e16), 2), 1e16), -1e16), 1e16), -1e16) < $3) OFFSET 0) AS "t1"
WHERE "t1"."formula:9" = $1
ORDER BY "t1"."id" ASC LIMIT 30) AS "t1"
LEFT JOIN LATERAL (SELECT "t2"."id" AS "id", "t2"."formula:15" AS "formula:15"
FROM (SELECT "r5"."id" AS "id", (CASE WHEN (NULLIF(NULLIF(GREATEST(LEAST(round(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round(div(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round("r5"."price" * CAST("r5"."quantity" AS numeric), 12)), 1e16), -1e16), 1e16), -1e16) * 1e13, NULLIF($2, 0)) * 1e-13, 12)), 1e16), -1e16), 1e16), -1e16), 2), 1e16), -1e16), 1e16), -1e16) > $4) THEN NULLIF(NULLIF(GREATEST(LEAST(round(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round(div(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round("r5"."price" * CAST("r5"."quantity" AS numeric), 12)), 1e16), -1e16), 1e16), -1e16) * 1e13, NULLIF($2, 0)) * 1e-13, 12)), 1e16), -1e16), 1e16), -1e16), 2), 1e16), -1e16), 1e16), -1e16) END) AS "formula:15"
FROM "order" AS "r5"
WHERE NULLIF(NULLIF(GREATEST(LEAST(round(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round(div(NULLIF(NULLIF(GREATEST(LEAST(trim_scale(round("r5"."price" * CAST("r5"."quantity" AS numeric), 12)), 1e16), -1e16), 1e16), -1e16) * 1e13, NULLIF($2, 0)) * 1e-13, 12)), 1e16), -1e16), 1e16), -1e16), 2), 1e16), -1e16), 1e16), -1e16) > $4 OR (((((("r5"."status" COLLATE "C") = $5) IS TRUE) IS NOT TRUE AND ("r5"."due" < CAST(timezone('UTC', "r5"."paid_at") AS date)) IS TRUE) OR "r5"."paid_at" IS NULL) = $6 AND EXISTS(SELECT 1
FROM "line" AS "r6"
WHERE "r6"."order_id" = "r5"."id" AND "r6"."note" = $7))) AS "t2"
WHERE "t2"."id" = "t1"."order_id" LIMIT 1) AS "t2" ON TRUE
ORDER BY "t1"."o:0" ASC;

