# Draws measured-projected.svg from measured-projected.csv: run `gnuplot measured-projected.gp` in this directory.
set terminal svg size 820,820 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'measured-projected.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title 'Projected (modelled) against measured throughput on the host' font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set size square
set logscale xy 10
set xrange [6956.608800921241:2304362.352269415]
set yrange [6956.608800921241:2304362.352269415]
set xtics ('10 k' 10000.0, '20 k' 20000.0, '50 k' 50000.0, '100 k' 100000.0, '200 k' 200000.0, '500 k' 500000.0, '1 M' 1000000.0, '2 M' 2000000.0)
set ytics ('10 k' 10000.0, '20 k' 20000.0, '50 k' 50000.0, '100 k' 100000.0, '200 k' 200000.0, '500 k' 500000.0, '1 M' 1000000.0, '2 M' 2000000.0)
set xlabel 'Measured throughput (tokens/s)'
set ylabel 'Projected throughput (tokens/s)' offset -1,0
set bmargin 7.20
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot x with lines linecolor '#404040' linewidth 1.5 title 'projected = measured', \
  1.1*x with lines linecolor '#909090' linewidth 1.2 dashtype 2 title '±10 %', \
  x/1.1 with lines linecolor '#909090' linewidth 1.2 dashtype 2 notitle, \
  1.2*x with lines linecolor '#B0B0B0' linewidth 1.2 dashtype 3 title '±20 %', \
  x/1.2 with lines linecolor '#B0B0B0' linewidth 1.2 dashtype 3 notitle, \
  'measured-projected.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:4:5 with yerrorbars linecolor '#0072B2' pointtype 7 pointsize 0.9 linewidth 1.5 title 'lookup, low to high', \
  'measured-projected.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:4:5 with yerrorbars linecolor '#D55E00' pointtype 5 pointsize 0.9 linewidth 1.5 title 'dense, low to high'
