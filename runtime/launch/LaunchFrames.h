//===- launch/LaunchFrames.h - Memory that launches use again ---*- C++ -*-===//
#ifndef SCANC_RUNTIME_LAUNCH_LAUNCHFRAMES_H
#define SCANC_RUNTIME_LAUNCH_LAUNCHFRAMES_H

#include "runtime/launch/LaunchPlanner.h"

#include <array>
#include <atomic>
#include <memory>

namespace scanc::rt {

/// What a launch does, and the facts that its words are made of.
struct LaunchFrame {
  BoundOperands bound;
  LaunchPlan plan;
};

/// The frames of one program that no launch uses now: a few, as many as threads launch at once. No
/// lock; memory is allocated only where all are in use.
class LaunchFrames {
public:
  LaunchFrames() = default;
  LaunchFrames(const LaunchFrames &) = delete;
  LaunchFrames &operator=(const LaunchFrames &) = delete;
  ~LaunchFrames() {
    for (std::atomic<LaunchFrame *> &frame : spare)
      delete frame.load();
  }

  /// A frame for a scope.
  class Lease {
  public:
    explicit Lease(LaunchFrames &of) : frames(of), frame(of.take()) {}
    Lease(const Lease &) = delete;
    Lease &operator=(const Lease &) = delete;
    ~Lease() { frames.giveBack(std::move(frame)); }
    LaunchFrame &operator*() const { return *frame; }
    LaunchFrame *operator->() const { return frame.get(); }

  private:
    LaunchFrames &frames;
    std::unique_ptr<LaunchFrame> frame;
  };

private:
  std::unique_ptr<LaunchFrame> take() {
    for (std::atomic<LaunchFrame *> &frame : spare)
      if (frame.load(std::memory_order_relaxed))
        if (LaunchFrame *taken = frame.exchange(nullptr, std::memory_order_acquire))
          return std::unique_ptr<LaunchFrame>(taken);
    return std::make_unique<LaunchFrame>();
  }
  void giveBack(std::unique_ptr<LaunchFrame> frame) {
    for (std::atomic<LaunchFrame *> &place : spare) {
      LaunchFrame *none = nullptr;
      if (place.compare_exchange_strong(none, frame.get(), std::memory_order_release,
                                        std::memory_order_relaxed)) {
        frame.release();
        return;
      }
    }
  }

  std::array<std::atomic<LaunchFrame *>, 16> spare{};
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_LAUNCHFRAMES_H
