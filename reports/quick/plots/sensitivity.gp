# Draws sensitivity.svg from sensitivity.csv: run `gnuplot sensitivity.gp` in this directory.
set terminal svg size 960,510 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'sensitivity.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Sensitivity of projected (modelled) look-ups on epyc-7763, 2 threads" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set ytics ("frequency_ghz" 8, "simd.product_share" 7, "overlap" 6, "memory[0].lines_in_flight_per_core" 5, "memory[0].idle_latency_ns" 4, "caches[1].random_rows" 3, "caches[2].bytes_per_cycle" 2, "simd.window" 1) scale 0
set yrange [0.4:8.6]
set xrange [-12:12]
set xlabel 'Change of projected throughput (%)'
set grid noytics
set style fill solid 0.85 noborder
set arrow from 0, graph 0 to 0, graph 1 nohead front linewidth 1.5 linecolor '#404040'
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'sensitivity.csv' skip 1 using ($2/2):1:(abs($2)/2):(0.3) with boxxyerror linecolor '#D55E00' title "a tenth lower", \
  'sensitivity.csv' skip 1 using ($3/2):1:(abs($3)/2):(0.3) with boxxyerror linecolor '#0072B2' title "a tenth higher"
