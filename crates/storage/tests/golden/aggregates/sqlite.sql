-- statement 0
-- 1: Text Constant(Text("%printer%"))
-- 2: Text Constant(Text("%fire%"))
-- 3: Text Constant(Text("new"))
-- 4: Text Constant(Text("open"))
-- 5: Uuid Session(Tenant)
-- 6: Uuid Session(User)
-- 7: Boolean Constant(Boolean(true))
-- 8: Text Constant(Text("active"))
-- 9: Text Constant(Text("urgent"))
-- columns: [BigInt, Decimal, Float, DateTime]
SELECT COUNT(*), fh_decimal_sum("t1"."hours"), fh_decimal_avg("t1"."hours"), MIN("t1"."created_at")
FROM (SELECT "r2"."created_at" AS "created_at", "r2"."subject" AS "subject", "r2"."hours" AS "hours", (CASE WHEN ("r2"."status" IN (?3, ?4)) THEN "r2"."internal_note" END) AS "internal_note"
FROM "ticket" AS "r2"
WHERE "r2"."tenant_id" = ?5 AND ("r2"."owner_id" = ?6 OR EXISTS(SELECT 1
FROM "team_member" AS "r3"
WHERE "r3"."team_id" = "r2"."team_id" AND ("r3"."tenant_id" = ?5 AND "r3"."member_id" = ?6)) OR ("r2"."requester_id" = ?6 OR (EXISTS(SELECT 1
FROM "membership" AS "r4"
WHERE "r4"."tenant_id" = ?5 AND "r4"."user_id" = ?6 AND ("r4"."on_call" = ?7 AND "r4"."status" = ?8)) AND "r2"."priority" = ?9))) LIMIT 9223372036854775807) AS "t1"
WHERE (fh_lower("t1"."subject") LIKE fh_lower(?1) ESCAPE '\' OR fh_lower("t1"."internal_note") LIKE fh_lower(?1) ESCAPE '\') AND (fh_lower("t1"."subject") LIKE fh_lower(?2) ESCAPE '\' OR fh_lower("t1"."internal_note") LIKE fh_lower(?2) ESCAPE '\');

-- statement 1
-- 1: Text Constant(Text("%printer%"))
-- 2: Text Constant(Text("%fire%"))
-- 3: Text Constant(Text("new"))
-- 4: Text Constant(Text("open"))
-- 5: Uuid Session(Tenant)
-- 6: Uuid Session(User)
-- 7: Boolean Constant(Boolean(true))
-- 8: Text Constant(Text("active"))
-- 9: Text Constant(Text("urgent"))
-- columns: [Text, Text, Uuid, BigInt]
SELECT "g1"."g:0", "t3"."name", "t3"."id", "g1"."o:0"
FROM (SELECT "t2"."status" AS "g:0", "t4"."id" AS "g:1", COUNT(*) AS "o:0"
FROM (SELECT "r5"."subject" AS "subject", "r5"."status" AS "status", (CASE WHEN ("r5"."status" IN (?3, ?4)) THEN "r5"."internal_note" END) AS "internal_note", "r5"."team_id" AS "team_id"
FROM "ticket" AS "r5"
WHERE "r5"."tenant_id" = ?5 AND ("r5"."owner_id" = ?6 OR EXISTS(SELECT 1
FROM "team_member" AS "r6"
WHERE "r6"."team_id" = "r5"."team_id" AND ("r6"."tenant_id" = ?5 AND "r6"."member_id" = ?6)) OR ("r5"."requester_id" = ?6 OR (EXISTS(SELECT 1
FROM "membership" AS "r7"
WHERE "r7"."tenant_id" = ?5 AND "r7"."user_id" = ?6 AND ("r7"."on_call" = ?7 AND "r7"."status" = ?8)) AND "r5"."priority" = ?9))) LIMIT 9223372036854775807) AS "t2"
LEFT JOIN (SELECT "r8"."id" AS "id"
FROM "team" AS "r8"
WHERE "r8"."tenant_id" = ?5) AS "t4" ON "t4"."id" = "t2"."team_id"
WHERE (fh_lower("t2"."subject") LIKE fh_lower(?1) ESCAPE '\' OR fh_lower("t2"."internal_note") LIKE fh_lower(?1) ESCAPE '\') AND (fh_lower("t2"."subject") LIKE fh_lower(?2) ESCAPE '\' OR fh_lower("t2"."internal_note") LIKE fh_lower(?2) ESCAPE '\')
GROUP BY "t2"."status", "t4"."id"
ORDER BY "t2"."status" ASC NULLS LAST, "t4"."id" ASC NULLS LAST LIMIT 200) AS "g1"
LEFT JOIN (SELECT "r9"."id" AS "id", "r9"."name" AS "name"
FROM "team" AS "r9"
WHERE "r9"."tenant_id" = ?5) AS "t3" ON "t3"."id" = "g1"."g:1"
ORDER BY "g1"."g:0" ASC NULLS LAST, "g1"."g:1" ASC NULLS LAST;

