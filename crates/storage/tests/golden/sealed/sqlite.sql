-- statement 0
-- 1: Bytes Constant(Text("DE89 3704")), as a token of ticket.iban
-- 2: Text Constant(Text("new"))
-- 3: Uuid Session(Tenant)
-- columns: [Text, Bytes, Uuid, Bytes]
SELECT "t1"."subject", "t1"."iban", "t1"."id", "t1"."pin"
FROM (SELECT "r2"."id" AS "id", "r2"."subject" AS "subject", (CASE WHEN ("r2"."status" = ?2) THEN "r2"."iban" END) AS "iban", "r2"."pin" AS "pin", (CASE WHEN ("r2"."status" = ?2) THEN "r2"."iban_index" END) AS "iban_index"
FROM "ticket" AS "r2"
WHERE "r2"."tenant_id" = ?3) AS "t1"
WHERE "t1"."iban_index" = ?1;

-- statement 1
-- 1: Bytes Constant(Text("DE89 3704")), as a token of ticket.iban
-- 2: Bytes Constant(Text("GB29")), as a token of ticket.iban
-- 3: Bytes Constant(Text("FR14")), as a token of ticket.iban
-- 4: Text Constant(Text("new"))
-- 5: Uuid Session(Tenant)
-- columns: [Bytes, Uuid, Uuid, Bytes, Boolean]
SELECT "t1"."iban", "t1"."id", "t2"."id", "t2"."pin", "t1"."hidden:iban"
FROM (SELECT "t1"."id" AS "o:0", "t1"."id" AS "id", "t1"."iban" AS "iban", "t1"."parent_id" AS "parent_id", "t1"."hidden:iban" AS "hidden:iban"
FROM (SELECT "r5"."id" AS "id", (CASE WHEN ("r5"."status" = ?4) THEN "r5"."iban" END) AS "iban", "r5"."parent_id" AS "parent_id", (CASE WHEN ("r5"."status" = ?4) THEN "r5"."iban_index" END) AS "iban_index", ("r5"."status" = ?4) IS NOT TRUE AS "hidden:iban"
FROM "ticket" AS "r5"
WHERE "r5"."tenant_id" = ?5) AS "t1"
WHERE "t1"."iban_index" IN (?1, ?2) OR ("t1"."iban_index" IS NULL OR EXISTS(SELECT 1
FROM (SELECT "r4"."id" AS "id", (CASE WHEN ("r4"."status" = ?4) THEN "r4"."iban_index" END) AS "iban_index"
FROM "ticket" AS "r4"
WHERE "r4"."tenant_id" = ?5) AS "t3"
WHERE "t3"."id" = "t1"."parent_id" AND "t3"."iban_index" = ?3))
ORDER BY "t1"."id" ASC LIMIT 2) AS "t1"
LEFT JOIN (SELECT "r6"."id" AS "id", "r6"."pin" AS "pin"
FROM "ticket" AS "r6"
WHERE "r6"."tenant_id" = ?5) AS "t2" ON "t2"."id" = "t1"."parent_id"
ORDER BY "t1"."o:0" ASC;

-- statement 2
-- 1: Bytes Constant(Text("DE89 3704")), as a token of ticket.iban
-- 2: Bytes Constant(Text("GB29")), as a token of ticket.iban
-- 3: Bytes Constant(Text("FR14")), as a token of ticket.iban
-- 4: Text Constant(Text("new"))
-- 5: Uuid Session(Tenant)
-- columns: [BigInt]
SELECT COUNT(*)
FROM (SELECT "r4"."parent_id" AS "parent_id", (CASE WHEN ("r4"."status" = ?4) THEN "r4"."iban_index" END) AS "iban_index"
FROM "ticket" AS "r4"
WHERE "r4"."tenant_id" = ?5) AS "t1"
WHERE "t1"."iban_index" IN (?1, ?2) OR ("t1"."iban_index" IS NULL OR EXISTS(SELECT 1
FROM (SELECT "r3"."id" AS "id", (CASE WHEN ("r3"."status" = ?4) THEN "r3"."iban_index" END) AS "iban_index"
FROM "ticket" AS "r3"
WHERE "r3"."tenant_id" = ?5) AS "t2"
WHERE "t2"."id" = "t1"."parent_id" AND "t2"."iban_index" = ?3));

