DROP TABLE allocations;
DROP TABLE credit_pools;
