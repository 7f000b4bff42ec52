package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// order is one that was taken.
type order struct {
	ID       int64     `json:"id"`
	Item     string    `json:"item"`
	Quantity int       `json:"quantity"`
	Taken    time.Time `json:"taken"`
}

// store keeps orders in PostgreSQL, and announces them by Redis.
type store struct {
	database *pgxpool.Pool
	redis    *redis.Client
}

// announcements is the channel of Redis on which new orders are.
const announcements = "orders"

var errNoSuchOrder = errors.New("there is no such order")

// openStore opens connections when they are needed.
func openStore(ctx context.Context, c config) (*store, error) {
	database, err := pgxpool.NewWithConfig(ctx, c.database)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	return &store{database: database, redis: redis.NewClient(c.redis)}, nil
}

func (s *store) close() {
	s.database.Close()
	_ = s.redis.Close() // nothing is left to be sent
}

// prepare makes the table if there is none.
func (s *store) prepare(ctx context.Context) error {
	// One instance at a time: PostgreSQL checks that there is none before it makes one.
	_, err := s.database.Exec(ctx, `
		BEGIN;
		SELECT pg_advisory_xact_lock(1);
		CREATE TABLE IF NOT EXISTS orders (
			id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			item text NOT NULL,
			quantity integer NOT NULL CHECK (quantity > 0),
			taken timestamptz NOT NULL DEFAULT now()
		);
		COMMIT`)
	if err != nil {
		return fmt.Errorf("preparing the database of DATABASE_URL: %w", err)
	}
	return s.ping(ctx)
}

// ping returns why orders cannot be taken now; nil if they can.
func (s *store) ping(ctx context.Context) error {
	if err := s.database.Ping(ctx); err != nil {
		return fmt.Errorf("asking the database of DATABASE_URL: %w", err)
	}
	if err := s.redis.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("asking the Redis of REDIS_URL: %w", err)
	}
	return nil
}

func (s *store) add(ctx context.Context, item string, quantity int) (order, error) {
	o := order{Item: item, Quantity: quantity}
	row := s.database.QueryRow(ctx, "INSERT INTO orders (item, quantity) VALUES ($1, $2) RETURNING id, taken", item, quantity)
	if err := row.Scan(&o.ID, &o.Taken); err != nil {
		return order{}, fmt.Errorf("adding an order: %w", err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		return order{}, fmt.Errorf("announcing an order: %w", err)
	}
	if err := s.redis.Publish(ctx, announcements, text).Err(); err != nil {
		return order{}, fmt.Errorf("announcing an order: %w", err)
	}
	return o, nil
}

func (s *store) get(ctx context.Context, id int64) (order, error) {
	o := order{ID: id}
	err := s.database.QueryRow(ctx, "SELECT item, quantity, taken FROM orders WHERE id = $1", id).Scan(&o.Item, &o.Quantity, &o.Taken)
	if errors.Is(err, pgx.ErrNoRows) {
		return order{}, errNoSuchOrder
	}
	if err != nil {
		return order{}, fmt.Errorf("reading an order: %w", err)
	}
	return o, nil
}

// next waits for the next order; false if none comes in time.
func (s *store) next(ctx context.Context, wait time.Duration) (order, bool, error) {
	subscription := s.redis.Subscribe(ctx, announcements)
	defer subscription.Close()
	if _, err := subscription.Receive(ctx); err != nil {
		return order{}, false, fmt.Errorf("waiting for an order: %w", err)
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case <-ctx.Done():
		return order{}, false, ctx.Err()
	case <-timeout.C:
		return order{}, false, nil
	case message := <-subscription.Channel():
		var o order
		if err := json.Unmarshal([]byte(message.Payload), &o); err != nil {
			return order{}, false, fmt.Errorf("reading an announcement: %w", err)
		}
		return o, true, nil
	}
}
